//! Small helper modules of the library: `_statistics`, `_suggestions`, `_sysconfig`, `_uuid`.

// The coefficients of the algorithm as it was published.
#![allow(clippy::excessive_precision)]

use adder_vm::builtins::{bytes, float, list};
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::sync::lock;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::sync::Mutex;

fn real(th: Th, v: Value) -> R<f64> {
    match float::as_f64(v) {
        Some(x) => Ok(x),
        None => float::to_f64(th, v),
    }
}

// -- _statistics

pub static STATISTICS: NativeModule = NativeModule {
    name: "_statistics",
    doc: "Accelerators for the statistics module.\n",
    functions: &[function("_normal_dist_inv_cdf", "($module, p, mu, sigma, /)", "", |th, a| {
        let (p, mu, sigma) = (real(th, a[0].unwrap())?, real(th, a[1].unwrap())?, real(th, a[2].unwrap())?);
        if p <= 0.0 || p >= 1.0 || sigma <= 0.0 {
            return Err(th.value_error("inv_cdf undefined for these parameters"));
        }
        Ok(th.float(mu + normal_quantile(p) * sigma))
    })],
    types: &[],
    init: None,
};

/// Quantile of the standard normal distribution: M. J. Wichura, "Algorithm AS241: The Percentage Points of the Normal
/// Distribution" (1988), PPND16.
#[allow(clippy::excessive_precision)]
fn normal_quantile(p: f64) -> f64 {
    /// `q` times one polynomial by the other.
    fn ratio(q: f64, r: f64, num: [f64; 8], den: [f64; 8]) -> f64 {
        let horner = |c: [f64; 8]| c[1..].iter().fold(c[0], |s, x| s * r + x);
        horner(num) * q / horner(den)
    }
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return ratio(
            q,
            r,
            [
                2.5090809287301226727e3,
                3.3430575583588128105e4,
                6.7265770927008700853e4,
                4.5921953931549871457e4,
                1.3731693765509461125e4,
                1.9715909503065514427e3,
                1.3314166789178437745e2,
                3.3871328727963666080e0,
            ],
            [
                5.2264952788528545610e3,
                2.8729085735721942674e4,
                3.9307895800092710610e4,
                2.1213794301586595867e4,
                5.3941960214247511077e3,
                6.8718700749205790830e2,
                4.2313330701600911252e1,
                1.0,
            ],
        );
    }
    let r = (-(if q <= 0.0 { p } else { 1.0 - p }).ln()).sqrt();
    let x = if r <= 5.0 {
        ratio(
            1.0,
            r - 1.6,
            [
                7.74545014278341407640e-4,
                2.27238449892691845833e-2,
                2.41780725177450611770e-1,
                1.27045825245236838258e0,
                3.64784832476320460504e0,
                5.76949722146069140550e0,
                4.63033784615654529590e0,
                1.42343711074968357734e0,
            ],
            [
                1.05075007164441684324e-9,
                5.47593808499534494600e-4,
                1.51986665636164571966e-2,
                1.48103976427480074590e-1,
                6.89767334985100004550e-1,
                1.67638483018380384940e0,
                2.05319162663775882187e0,
                1.0,
            ],
        )
    } else {
        ratio(
            1.0,
            r - 5.0,
            [
                2.01033439929228813265e-7,
                2.71155556874348757815e-5,
                1.24266094738807843860e-3,
                2.65321895265761230930e-2,
                2.96560571828504891230e-1,
                1.78482653991729133580e0,
                5.46378491116411436990e0,
                6.65790464350110377720e0,
            ],
            [
                2.04426310338993978564e-15,
                1.42151175831644588870e-7,
                1.84631831751005468180e-5,
                7.86869131145613259100e-4,
                1.48753612908506148525e-2,
                1.36929880922735805310e-1,
                5.99832206555887937690e-1,
                1.0,
            ],
        )
    };
    if q < 0.0 { -x } else { x }
}

// -- _suggestions

pub static SUGGESTIONS: NativeModule = NativeModule {
    name: "_suggestions",
    doc: "",
    functions: &[function(
        "_generate_suggestions",
        "($module, candidates, item, /)",
        "Returns the candidate in candidates that's closest to item",
        |th, a| {
            let (candidates, item) = (a[0].unwrap(), a[1].unwrap());
            if !item.is_kind(Kind::Str) {
                return Err(th.type_error(format!(
                    "_generate_suggestions() argument 2 must be str, not {}",
                    th.arg_type_name(item)
                )));
            }
            if !candidates.is_exact(Kind::List) {
                return Err(th.type_error("candidates must be a list"));
            }
            let l = list::from_iterable(th, candidates)?;
            let mut names = Vec::with_capacity(l.len());
            let mut i = 0;
            while let Some(v) = l.get(i) {
                if !v.is_kind(Kind::Str) {
                    return Err(th.type_error("all elements in 'candidates' must be strings"));
                }
                names.push(th.text(v));
                i += 1;
            }
            let item = th.text(item);
            Ok(match adder_vm::suggest::closest(&item, names.iter().map(|s| s.as_str())) {
                Some(s) => th.str(s),
                None => NONE(),
            })
        },
    )],
    types: &[],
    init: None,
};

// -- _sysconfig

pub static SYSCONFIG: NativeModule = NativeModule {
    name: "_sysconfig",
    doc: "A helper for the sysconfig module.",
    functions: &[function(
        "config_vars",
        "($module, /)",
        "Returns a dictionary containing build variables intended to be exposed by sysconfig.",
        |th, _| {
            let d = Gc::<Dict>::new(th);
            // There is no GIL, but nothing is built against this program as for a free-threaded CPython.
            d.set(th, th.intern("Py_GIL_DISABLED"), Value::fix(0))?;
            d.set(th, th.intern("Py_DEBUG"), Value::fix(0))?;
            Ok(d.value())
        },
    )],
    types: &[],
    init: None,
};

// -- _uuid

/// Time of the last UUID (units of 100 ns since 1582), clock sequence and node; none yet: zero.
static LAST: Mutex<(u64, u16, [u8; 6])> = Mutex::new((0, 0, [0; 6]));
/// From the start of the Gregorian calendar to 1970.
const GREGORIAN: u64 = 0x01b2_1dd2_1381_4000;

pub static UUID: NativeModule = NativeModule {
    name: "_uuid",
    doc: "",
    functions: &[function("generate_time_safe", "($self, /)", "", |th, _| {
        // RFC 9562, version 1. The node is random (section 6.10), so that nothing says which machine it was.
        let mut random = [0; 8];
        if adder_vm::the_host().random_seed(&mut random).is_err() {
            return Err(th.runtime_error("no source of randomness"));
        }
        let now = adder_vm::the_host().clock_gettime(0).unwrap_or(0) as u64 / 100 + GREGORIAN;
        let (time, seq, node) = {
            let mut last = lock(&LAST);
            if last.2 == [0; 6] {
                last.1 = u16::from_le_bytes([random[6], random[7]]) & 0x3fff;
                last.2.copy_from_slice(&random[..6]);
                // The multicast bit: not a real address.
                last.2[0] |= 1;
            }
            last.0 = now.max(last.0 + 1);
            *last
        };
        let mut b = [0; 16];
        b[..4].copy_from_slice(&(time as u32).to_be_bytes());
        b[4..6].copy_from_slice(&((time >> 32) as u16).to_be_bytes());
        b[6..8].copy_from_slice(&((time >> 48) as u16 & 0xfff | 0x1000).to_be_bytes());
        b[8..10].copy_from_slice(&(seq | 0x8000).to_be_bytes());
        b[10..].copy_from_slice(&node);
        // -1: other processes are not asked.
        Ok(th.tuple(&[bytes::new(th, &b)?.value(), Value::fix(-1)]))
    })],
    types: &[],
    init: Some(|th, m| {
        m.put(th, "has_uuid_generate_time_safe", Value::fix(1))?;
        m.put(th, "has_stable_extractable_node", Value::fix(0))
    }),
};

// -- _types

/// `PyCapsule`. There are no such objects: nothing here is written in C.
static CAPSULE_TYPE: NativeType = NativeType {
    name: "PyCapsule",
    kind: Kind::Native,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION,
    doc: "Capsule objects let you wrap a C \"void *\" pointer in a Python\nobject.  They're a way of passing data through the Python interpreter\nwithout creating your own custom type.\n\nCapsules are used for communication between extension modules.\nThey provide a way for an extension module to export a C interface\nto other extension modules, so that extension modules can use the\nPython import mechanism to link to one another.\n",
    ..NativeType::DEFAULT
};
static CAPSULE: TypeCell = TypeCell::new(&CAPSULE_TYPE);

pub static TYPES: NativeModule = NativeModule {
    name: "_types",
    doc: "Define names for built-in types.",
    functions: &[],
    types: &[],
    init: Some(|th, m| {
        use Kind::*;
        let names = [
            ("AsyncGeneratorType", AsyncGenerator),
            ("BuiltinFunctionType", NativeFunction),
            ("BuiltinMethodType", NativeFunction),
            ("CellType", Cell),
            ("ClassMethodDescriptorType", ClassMethodDescriptor),
            ("CodeType", Code),
            ("CoroutineType", Coroutine),
            ("EllipsisType", EllipsisType),
            ("FrameType", Frame),
            ("FunctionType", Function),
            ("GeneratorType", Generator),
            ("GenericAlias", GenericAlias),
            ("GetSetDescriptorType", GetSetDescriptor),
            ("LambdaType", Function),
            ("MappingProxyType", MappingProxy),
            ("MemberDescriptorType", MemberDescriptor),
            ("MethodDescriptorType", MethodDescriptor),
            ("MethodType", Method),
            ("MethodWrapperType", MethodWrapper),
            ("ModuleType", Module),
            ("NoneType", NoneType),
            ("NotImplementedType", NotImplementedType),
            ("SimpleNamespace", SimpleNamespace),
            ("TracebackType", Traceback),
            ("UnionType", Union),
            ("WrapperDescriptorType", WrapperDescriptor),
        ];
        for (name, kind) in names {
            // The root shape of a builtin type has its kind as id.
            let t = adder_vm::shape::shape(kind as u32).type_;
            m.put(th, name, t.value())?;
        }
        m.put(th, "CapsuleType", th.make_type(&CAPSULE).value())
    }),
};
