from _sysconfigdata_adder import build_time_vars
build_time_vars = build_time_vars("aarch64-linux-gnu")
