//! What Python's `math` needs beyond `std`.
pub fn asinh(x: f64) -> f64 {
    libm::asinh(x)
}
/// The logarithm of `1 + x`; keeps the sign of zero.
pub fn log1p(x: f64) -> f64 {
    x.ln_1p()
}
