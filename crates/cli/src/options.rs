//! The command line and the environment variables, with CPython's meanings and messages (`Python/initconfig.c`,
//! `Python/getopt.c`).

use adder_lang::vm::config::Config;
use adder_lang::vm::run::Program;
use adder_lang::{Gc, Heap};

pub struct Parsed {
    pub config: Config,
    pub program: Program,
    pub heap: Heap,
}

pub enum Stop {
    /// Print to standard output and exit with 0.
    Print(String),
    /// A mistake in the arguments: message and usage, exit with 2.
    Usage(String),
    /// A wrong value: "Fatal Python error: ...", exit with 1.
    Fatal(String),
}

const USAGE: &str = "usage: {program} [option] ... [-c cmd | -m mod | file | -] [arg] ...\n";
const HELP: &str = include_str!("help.txt");
const HELP_ENV: &str = include_str!("help_env.txt");
const HELP_XOPTIONS: &str = include_str!("help_xoptions.txt");

pub fn usage_error(program: &str, msg: &str) -> String {
    format!("{msg}\n{}Try `python -h' for more information.\n", USAGE.replace("{program}", program))
}

fn lossy(b: &[u8]) -> String {
    String::from_utf8_lossy(b).into_owned()
}

/// What environment variables are asked through: nothing with `-E`.
struct Env<'e> {
    get: &'e dyn Fn(&str) -> Option<Vec<u8>>,
    ignore: bool,
}
impl Env<'_> {
    /// Value of a variable that is set and not empty.
    fn var(&self, name: &str) -> Option<Vec<u8>> {
        if self.ignore { None } else { (self.get)(name).filter(|v| !v.is_empty()) }
    }
    fn text(&self, name: &str) -> Option<String> {
        self.var(name).map(|v| lossy(&v))
    }
    fn is_set(&self, name: &str) -> bool {
        self.var(name).is_some()
    }
    /// A flag that may be given as a number: its value, at least the old one; other text counts as 1.
    fn level(&self, name: &str, old: u32) -> u32 {
        match self.text(name) {
            Some(v) => old.max(v.parse::<i64>().map_or(1, |n| if n < 0 { 1 } else { n as u32 })),
            None => old,
        }
    }
}

fn fatal(what: &str, msg: &str) -> Stop {
    Stop::Fatal(format!("{what}: {msg}"))
}

pub fn parse(args: &[Vec<u8>], env: &dyn Fn(&str) -> Option<Vec<u8>>) -> Result<Parsed, Stop> {
    let mut c = Config { orig_argv: args.to_vec(), ..Config::default() };
    let mut warn_args: Vec<String> = Vec::new();
    let mut randomize = false;
    let (mut version, mut bytes_warning, mut verbose, mut optimize, mut debug) = (0, 0u32, 0u32, 0u8, 0u32);
    let mut program = None;
    let mut i = 1;
    'args: while i < args.len() {
        let a = args[i].as_slice();
        if a == b"-" || !a.starts_with(b"-") {
            break;
        }
        if a == b"--" {
            i += 1;
            break;
        }
        if let Some(long) = a.strip_prefix(b"--") {
            match lossy(long).as_str() {
                "help" => return Err(Stop::Print(help(args))),
                "help-env" => return Err(Stop::Print(HELP_ENV.into())),
                "help-xoptions" => return Err(Stop::Print(HELP_XOPTIONS.into())),
                "help-all" => {
                    return Err(Stop::Print(format!("{}\n{HELP_ENV}\n{HELP_XOPTIONS}", help(args))));
                }
                "version" => version += 1,
                "check-hash-based-pycs" => {
                    i += 1;
                    let Some(v) = args.get(i).map(|v| lossy(v)) else {
                        return Err(Stop::Usage(
                            "Argument expected for the --check-hash-based-pycs option".into(),
                        ));
                    };
                    if !matches!(&*v, "always" | "default" | "never") {
                        return Err(Stop::Usage(
                            "--check-hash-based-pycs must be one of 'default', 'always', or 'never'".into(),
                        ));
                    }
                    c.check_hash_pycs_mode = v;
                }
                other => return Err(Stop::Usage(format!("Unknown option: --{other}"))),
            }
            i += 1;
            continue;
        }
        // A group of letters; the rest of one that takes a value is the value.
        let mut j = 1;
        while j < a.len() {
            let o = a[j];
            j += 1;
            let value = |i: &mut usize| -> Result<Vec<u8>, Stop> {
                if j < a.len() {
                    return Ok(a[j..].to_vec());
                }
                *i += 1;
                args.get(*i)
                    .cloned()
                    .ok_or_else(|| Stop::Usage(format!("Argument expected for the -{} option", o as char)))
            };
            match o {
                b'b' => bytes_warning += 1,
                b'B' => c.dont_write_bytecode = true,
                b'c' => {
                    let v = value(&mut i)?;
                    program = Some(Program::Command(lossy(&v) + "\n"));
                    i += 1;
                    break 'args;
                }
                b'm' => {
                    let v = value(&mut i)?;
                    program = Some(Program::Module(lossy(&v)));
                    i += 1;
                    break 'args;
                }
                b'd' => debug += 1,
                b'E' => c.ignore_environment = true,
                b'h' | b'?' => return Err(Stop::Print(help(args))),
                b'i' => {
                    c.inspect = true;
                    c.interactive = true;
                }
                b'I' => {
                    c.isolated = true;
                    c.ignore_environment = true;
                    c.no_user_site = true;
                    c.safe_path = true;
                }
                b'O' => optimize = optimize.saturating_add(1),
                b'P' => c.safe_path = true,
                b'q' => c.quiet = true,
                b'R' => randomize = true,
                b's' => c.no_user_site = true,
                b'S' => c.no_site = true,
                b't' => {}
                b'u' => c.unbuffered = true,
                b'v' => verbose += 1,
                b'V' => version += 1,
                b'W' => {
                    let v = value(&mut i)?;
                    warn_args.push(lossy(&v));
                    break;
                }
                b'x' => c.skip_first_line = true,
                b'X' => {
                    let v = lossy(&value(&mut i)?);
                    c.xoptions.push(match v.split_once('=') {
                        Some((k, v)) => (k.into(), Some(v.into())),
                        None => (v, None),
                    });
                    break;
                }
                b'J' => return Err(Stop::Usage("-J is reserved for Jython".into())),
                _ => return Err(Stop::Usage(format!("Unknown option: -{}", o as char))),
            }
        }
        i += 1;
    }
    if version > 0 {
        let v = adder_lang::vm::sys::info::VERSION_TEXT;
        return Err(Stop::Print(if version == 1 {
            format!("Python {v}\n")
        } else {
            format!("Python {}\n", adder_lang::vm::sys::info::version())
        }));
    }

    let env = Env { get: env, ignore: c.ignore_environment };
    // -- the rest of the arguments
    let program = match program {
        Some(p) => {
            let first: &[u8] = if matches!(p, Program::Command(_)) { b"-c" } else { b"-m" };
            c.argv =
                std::iter::once(first.to_vec()).chain(args[i.min(args.len())..].iter().cloned()).collect();
            p
        }
        None => match args.get(i) {
            None => Program::Stdin,
            Some(f) => {
                c.argv = args[i..].to_vec();
                if f == b"-" { Program::Stdin } else { Program::File(f.clone()) }
            }
        },
    };

    // -- levels and flags
    c.debug = env.level("PYTHONDEBUG", debug).min(1);
    c.verbose = env.level("PYTHONVERBOSE", verbose);
    c.optimize = env.level("PYTHONOPTIMIZE", optimize as u32).min(2) as u8;
    c.bytes_warning = bytes_warning;
    c.inspect |= env.is_set("PYTHONINSPECT");
    c.dont_write_bytecode |= env.is_set("PYTHONDONTWRITEBYTECODE");
    c.no_user_site |= env.is_set("PYTHONNOUSERSITE");
    c.unbuffered |= env.is_set("PYTHONUNBUFFERED");
    c.safe_path |= env.is_set("PYTHONSAFEPATH");
    c.dev_mode = c.xoption("dev").is_some() || env.is_set("PYTHONDEVMODE");
    c.faulthandler = c.dev_mode || c.xoption("faulthandler").is_some() || env.is_set("PYTHONFAULTHANDLER");
    c.no_debug_ranges = c.xoption("no_debug_ranges").is_some() || env.is_set("PYTHONNODEBUGRANGES");
    c.warn_default_encoding =
        c.xoption("warn_default_encoding").is_some() || env.is_set("PYTHONWARNDEFAULTENCODING");
    if let Some(v) = env.text("PYTHONHASHSEED")
        && v != "random"
    {
        match v.parse::<u32>() {
            // `-R` is against a seed of zero alone.
            Ok(0) if randomize => {}
            Ok(n) => c.hash_seed = Some(n),
            Err(_) => {
                return Err(fatal(
                    "config_init_hash_seed",
                    "PYTHONHASHSEED must be \"random\" or an integer in range [0; 4294967295]",
                ));
            }
        }
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|n| (env.get)(n).filter(|v| !v.is_empty()))
        .map(|v| lossy(&v))
        .unwrap_or_else(|| "C".into());
    c.c_locale = matches!(&*locale, "C" | "POSIX");
    c.utf8_mode = match (c.xoption("utf8"), env.text("PYTHONUTF8").as_deref()) {
        (Some("" | "1"), _) => true,
        (Some("0"), _) => false,
        (Some(_), _) => return Err(fatal("preconfig_init_utf8_mode", "invalid -X utf8 option value")),
        (None, Some("1")) => true,
        (None, Some("0")) => false,
        // PEP 540: in the C locale nobody has said which encoding is meant.
        (None, None | Some("")) => c.c_locale,
        (None, Some(_)) => {
            return Err(fatal("preconfig_init_utf8_mode", "invalid PYTHONUTF8 environment variable value"));
        }
    };
    c.int_max_str_digits = digits_limit(&c, &env)?;
    c.import_time = import_time(&c, &env)?;
    c.thread_inherit_context = on_off(
        &c,
        &env,
        "thread_inherit_context",
        "PYTHON_THREAD_INHERIT_CONTEXT",
        "config_init_thread_inherit_context",
    )?;
    c.context_aware_warnings = on_off(
        &c,
        &env,
        "context_aware_warnings",
        "PYTHON_CONTEXT_AWARE_WARNINGS",
        "config_init_context_aware_warnings",
    )?;
    c.frozen_modules =
        match c.xoption("frozen_modules").map(str::to_string).or(env.text("PYTHON_FROZEN_MODULES")) {
            None => true,
            Some(v) => match &*v {
                "on" | "" => true,
                "off" => false,
                _ => {
                    return Err(Stop::Fatal(
                        "bad value for option -X frozen_modules (expected \"on\" or \"off\")".into(),
                    ));
                }
            },
        };
    c.cpu_count = cpu_count(&c, &env)?;
    c.pycache_prefix = match c.xoption("pycache_prefix") {
        Some(v) => Some(v.to_string()).filter(|v| !v.is_empty()),
        None => env.text("PYTHONPYCACHEPREFIX"),
    };
    if let Some(v) = env.text("PYTHONIOENCODING") {
        let (e, errors) = v.split_once(':').unwrap_or((&v, ""));
        c.stdio_encoding = Some(e.to_string()).filter(|e| !e.is_empty());
        c.stdio_errors = Some(errors.to_string()).filter(|e| !e.is_empty());
        if c.stdio_encoding.is_some() && c.stdio_errors.is_none() {
            // Whoever names an encoding means it, in the C locale, too.
            c.stdio_errors = Some("strict".to_string());
        }
    }

    // -- warnings: dev mode first, then the environment, then -W, then -b
    let mut warnings = Vec::new();
    if c.dev_mode {
        warnings.push("default".to_string());
    }
    if let Some(w) = env.text("PYTHONWARNINGS") {
        warnings.extend(w.split(',').filter(|s| !s.is_empty()).map(String::from));
    }
    warnings.extend(warn_args);
    if c.bytes_warning > 0 {
        let action = if c.bytes_warning > 1 { "error" } else { "default" };
        warnings.push(format!("{action}::BytesWarning"));
    }
    for w in warnings {
        if !c.warnoptions.contains(&w) {
            c.warnoptions.push(w);
        }
    }
    let heap = heap_options(&c)?;
    match adder_lang::jit::options(&c, env.text("ADDER_JIT").as_deref()) {
        Ok(o) if o.help => return Err(Stop::Print(adder_lang::jit::help())),
        Ok(_) => {}
        Err((option, why)) => return Err(fatal(option, &why)),
    }
    if let Some(Err(why)) = c.xoption("jit-backend").map(adder_lang::jit::check_backend) {
        return Err(fatal("-X jit-backend", &why));
    }
    Ok(Parsed { config: c, program, heap })
}

fn help(args: &[Vec<u8>]) -> String {
    HELP.replace("{program}", &args.first().map(|a| lossy(a)).unwrap_or_default())
}

fn digits_limit(c: &Config, env: &Env) -> Result<u32, Stop> {
    let check = |v: &str| v.parse::<i32>().ok().filter(|n| *n == 0 || *n >= 640).map(|n| n as u32);
    let bad = |how: &str| {
        Err(fatal(
            "config_init_int_max_str_digits",
            &format!("{how}: invalid limit; must be >= 640 or 0 for unlimited."),
        ))
    };
    if let Some(v) = c.xoption("int_max_str_digits") {
        return check(v).map_or_else(|| bad("-X int_max_str_digits"), Ok);
    }
    match env.text("PYTHONINTMAXSTRDIGITS") {
        Some(v) => check(&v).map_or_else(|| bad("PYTHONINTMAXSTRDIGITS"), Ok),
        None => Ok(4300),
    }
}

fn import_time(c: &Config, env: &Env) -> Result<u8, Stop> {
    let read = |v: &str, how: &str| match v {
        "" | "1" => Ok(1),
        "2" => Ok(2),
        v if v.parse::<i64>().is_err() => Ok(1),
        _ => Err(fatal(
            "config_init_import_time",
            &format!("{how}: values other than 1 and 2 are reserved for future use."),
        )),
    };
    match (c.xoption("importtime"), env.text("PYTHONPROFILEIMPORTTIME")) {
        (Some(v), _) => read(v, "-X importtime"),
        (None, Some(v)) => read(&v, "PYTHONPROFILEIMPORTTIME"),
        _ => Ok(0),
    }
}

fn on_off(c: &Config, env: &Env, option: &str, var: &str, what: &str) -> Result<bool, Stop> {
    let read = |v: &str, how: String| match v {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => Err(fatal(what, &format!("{how} is missing or invalid"))),
    };
    match (c.xoption(option), env.text(var)) {
        (Some(v), _) => read(v, format!("-X {option}=n: n")),
        (None, Some(v)) => read(&v, format!("{var}=N: N")),
        // As in CPython's usual build: what programs and their tests expect.
        _ => Ok(false),
    }
}

fn cpu_count(c: &Config, env: &Env) -> Result<Option<u32>, Stop> {
    let v = match (c.xoption("cpu_count"), env.text("PYTHON_CPU_COUNT")) {
        (Some(v), _) => v.to_string(),
        (None, Some(v)) => v,
        _ => return Ok(None),
    };
    if v == "default" {
        return Ok(None);
    }
    match v.parse::<u32>() {
        Ok(n) if n >= 1 => Ok(Some(n)),
        _ => Err(fatal(
            "config_init_cpu_count",
            "-X cpu_count=n option: n is missing or an invalid number, n must be greater than 0",
        )),
    }
}

/// `-X gc=generational|nonmoving|full|stress[:N]`, `-X gc_threads=N`.
fn heap_options(c: &Config) -> Result<Heap, Stop> {
    let mut h = Heap::default();
    if let Some(n) = c.xoption("gc_threads") {
        h.markers = match n.parse() {
            Ok(n) if n > 0 => n,
            _ => return Err(fatal("-X gc_threads", "expected a number above 0")),
        };
    }
    let Some(v) = c.xoption("gc") else { return Ok(h) };
    let (name, n) = v.split_once(':').map_or((v, None), |(a, b)| (a, Some(b)));
    h.mode = match (name, n) {
        ("generational", None) => Gc::Generational,
        ("nonmoving", None) => Gc::NonMoving,
        ("full", None) => Gc::Full,
        ("stress", None) => Gc::Stress(1000),
        ("stress", Some(n)) => match n.parse() {
            Ok(n) if n > 0 => Gc::Stress(n),
            _ => return Err(fatal("-X gc", "stress:N takes a number above 0")),
        },
        _ => {
            return Err(fatal("-X gc", "expected generational, nonmoving, full or stress[:N]"));
        }
    };
    Ok(h)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(args: &[&str], env: &[(&str, &str)]) -> Result<Parsed, Stop> {
        let args: Vec<Vec<u8>> =
            std::iter::once(&"adder").chain(args).map(|a| a.as_bytes().to_vec()).collect();
        parse(&args, &|n| env.iter().find(|(k, _)| *k == n).map(|(_, v)| v.as_bytes().to_vec()))
    }
    fn ok(args: &[&str]) -> Parsed {
        run(args, &[]).unwrap_or_else(|_| panic!("{args:?}"))
    }
    fn argv(p: &Parsed) -> Vec<String> {
        p.config.argv.iter().map(|a| lossy(a)).collect()
    }

    #[test]
    fn programs_and_their_arguments() {
        let p = ok(&["-c", "pass", "-x", "y"]);
        assert_eq!(p.program, Program::Command("pass\n".into()));
        assert_eq!(argv(&p), ["-c", "-x", "y"]);
        let p = ok(&["-Om", "json.tool", "f"]);
        assert_eq!((p.program.clone(), p.config.optimize), (Program::Module("json.tool".into()), 1));
        assert_eq!(argv(&p), ["-m", "f"]);
        let p = ok(&["-cpass"]);
        assert_eq!(p.program, Program::Command("pass\n".into()));
        let p = ok(&["f.py", "-c"]);
        assert_eq!(argv(&p), ["f.py", "-c"]);
        assert_eq!(ok(&[]).program, Program::Stdin);
        assert_eq!(argv(&ok(&["-", "a"])), ["-", "a"]);
        assert_eq!(ok(&["--", "-c"]).program, Program::File(b"-c".to_vec()));
    }

    #[test]
    fn flags() {
        let c = ok(&["-IBOOvvbb", "-Wignore", "-X", "a=b", "-Xdev", "f"]).config;
        assert!(c.isolated && c.ignore_environment && c.no_user_site && c.safe_path && c.dont_write_bytecode);
        assert_eq!((c.optimize, c.verbose, c.bytes_warning), (2, 2, 2));
        assert_eq!(c.xoptions, [("a".to_string(), Some("b".to_string())), ("dev".to_string(), None)]);
        assert_eq!(c.warnoptions, ["default", "ignore", "error::BytesWarning"]);
        let c = run(&["-O"], &[("PYTHONOPTIMIZE", "x"), ("PYTHONVERBOSE", "3")]).ok().unwrap().config;
        assert_eq!((c.optimize, c.verbose), (1, 3));
        let c = run(&["-E"], &[("PYTHONVERBOSE", "3"), ("PYTHONHASHSEED", "x")]).ok().unwrap().config;
        assert_eq!(c.verbose, 0);
    }

    #[test]
    fn mistakes() {
        assert!(matches!(run(&["-Z"], &[]), Err(Stop::Usage(m)) if m == "Unknown option: -Z"));
        assert!(
            matches!(run(&["-c"], &[]), Err(Stop::Usage(m)) if m == "Argument expected for the -c option")
        );
        assert!(matches!(run(&["-X", "gc=x"], &[]), Err(Stop::Fatal(_))));
        assert!(matches!(run(&[], &[("PYTHONHASHSEED", "x")]), Err(Stop::Fatal(_))));
        assert!(matches!(run(&["-VV"], &[]), Err(Stop::Print(v)) if v.contains("[Adder")));
        assert!(matches!(ok(&["-X", "gc=stress:7"]).heap.mode, Gc::Stress(7)));
        assert_eq!(ok(&["-X", "gc_threads=1"]).heap.markers, 1);
        assert!(matches!(run(&["-X", "gc_threads=0"], &[]), Err(Stop::Fatal(_))));
    }
}
