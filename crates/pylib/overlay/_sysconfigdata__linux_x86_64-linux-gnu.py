from _sysconfigdata_adder import build_time_vars
build_time_vars = build_time_vars("x86_64-linux-gnu")
