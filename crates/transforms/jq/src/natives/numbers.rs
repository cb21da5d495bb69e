//! Functions of numbers.

use super::collections::argument;
use crate::builtins::{FunctionResult, FunctionTable};
use crate::value::{Number, Numeric, Value, described};

pub(crate) const FUNCTIONS: FunctionTable = &[
    ("floor", 0, |value, _| rounded(value, f64::floor)),
    ("ceil", 0, |value, _| rounded(value, f64::ceil)),
    ("round", 0, |value, _| rounded(value, f64::round)),
    ("trunc", 0, |value, _| rounded(value, f64::trunc)),
    ("rint", 0, |value, _| rounded(value, f64::round_ties_even)),
    ("nearbyint", 0, |value, _| rounded(value, f64::round_ties_even)),
    ("fabs", 0, |value, _| one(&value, f64::abs)),
    ("isnan", 0, |value, _| Ok(Value::Bool(number(&value)?.is_nan()))),
    ("isinfinite", 0, |value, _| Ok(Value::Bool(number(&value)?.is_infinite()))),
    ("isnormal", 0, |value, _| Ok(Value::Bool(number(&value)?.is_normal()))),
    ("acos", 0, |value, _| one(&value, libm::acos)),
    ("acosh", 0, |value, _| one(&value, libm::acosh)),
    ("asin", 0, |value, _| one(&value, libm::asin)),
    ("asinh", 0, |value, _| one(&value, libm::asinh)),
    ("atan", 0, |value, _| one(&value, libm::atan)),
    ("atanh", 0, |value, _| one(&value, libm::atanh)),
    ("cbrt", 0, |value, _| one(&value, libm::cbrt)),
    ("cos", 0, |value, _| one(&value, libm::cos)),
    ("cosh", 0, |value, _| one(&value, libm::cosh)),
    ("exp", 0, |value, _| one(&value, libm::exp)),
    ("exp10", 0, |value, _| one(&value, libm::exp10)),
    ("exp2", 0, |value, _| one(&value, libm::exp2)),
    ("expm1", 0, |value, _| one(&value, libm::expm1)),
    ("gamma", 0, |value, _| one(&value, libm::lgamma)),
    ("j0", 0, |value, _| one(&value, libm::j0)),
    ("j1", 0, |value, _| one(&value, libm::j1)),
    ("lgamma", 0, |value, _| one(&value, libm::lgamma)),
    ("log", 0, |value, _| one(&value, libm::log)),
    ("log10", 0, |value, _| one(&value, libm::log10)),
    ("log1p", 0, |value, _| one(&value, libm::log1p)),
    ("log2", 0, |value, _| one(&value, libm::log2)),
    ("logb", 0, |value, _| one(&value, logb)),
    ("pow10", 0, |value, _| one(&value, libm::exp10)),
    ("significand", 0, |value, _| one(&value, significand)),
    ("sin", 0, |value, _| one(&value, libm::sin)),
    ("sinh", 0, |value, _| one(&value, libm::sinh)),
    ("sqrt", 0, |value, _| one(&value, f64::sqrt)),
    ("tan", 0, |value, _| one(&value, libm::tan)),
    ("tanh", 0, |value, _| one(&value, libm::tanh)),
    ("tgamma", 0, |value, _| one(&value, libm::tgamma)),
    ("y0", 0, |value, _| one(&value, libm::y0)),
    ("y1", 0, |value, _| one(&value, libm::y1)),
    ("frexp", 0, |value, _| {
        let (fraction, exponent) = libm::frexp(number(&value)?);
        Ok(Value::from(vec![Value::from(fraction), Value::from(i64::from(exponent))]))
    }),
    ("lgamma_r", 0, |value, _| {
        let (gamma, sign) = libm::lgamma_r(number(&value)?);
        Ok(Value::from(vec![Value::from(gamma), Value::from(i64::from(sign))]))
    }),
    ("modf", 0, |value, _| {
        let number = number(&value)?;
        let fraction = if number.is_infinite() { 0.0_f64.copysign(number) } else { number.fract() };
        Ok(Value::from(vec![Value::from(fraction), Value::from(number.trunc())]))
    }),
    ("atan2", 2, |_, arguments| two(arguments, libm::atan2)),
    ("copysign", 2, |_, arguments| two(arguments, f64::copysign)),
    ("drem", 2, |_, arguments| two(arguments, libm::remainder)),
    ("fdim", 2, |_, arguments| two(arguments, libm::fdim)),
    ("fmax", 2, |_, arguments| two(arguments, f64::max)),
    ("fmin", 2, |_, arguments| two(arguments, f64::min)),
    ("fmod", 2, |_, arguments| two(arguments, libm::fmod)),
    ("hypot", 2, |_, arguments| two(arguments, libm::hypot)),
    ("ldexp", 2, |_, arguments| two(arguments, scaled)),
    ("nextafter", 2, |_, arguments| two(arguments, libm::nextafter)),
    ("nexttoward", 2, |_, arguments| two(arguments, libm::nextafter)),
    ("pow", 2, |_, arguments| two(arguments, libm::pow)),
    ("scalb", 2, |_, arguments| two(arguments, |number, by| number * libm::exp2(by))),
    ("scalbln", 2, |_, arguments| two(arguments, scaled)),
    ("jn", 2, |_, arguments| two(arguments, |order, number| libm::jn(whole(order), number))),
    ("yn", 2, |_, arguments| two(arguments, |order, number| libm::yn(whole(order), number))),
    ("fma", 3, |_, arguments| {
        let number = |position| number(argument(arguments, position));
        Ok(Value::from(libm::fma(number(0)?, number(1)?, number(2)?)))
    }),
];

fn number(value: &Value<'_>) -> Result<f64, String> {
    value.as_f64().ok_or_else(|| format!("{} number required", described(value)))
}

fn one<'r>(value: &Value<'r>, function: fn(f64) -> f64) -> FunctionResult<'r> {
    Ok(Value::from(function(number(value)?)))
}

fn two<'r>(arguments: &[Value<'r>], function: fn(f64, f64) -> f64) -> FunctionResult<'r> {
    Ok(Value::from(function(number(argument(arguments, 0))?, number(argument(arguments, 1))?)))
}

/// Rounds a number. Integers keep all their digits.
fn rounded(value: Value<'_>, round: fn(f64) -> f64) -> FunctionResult<'_> {
    match &value {
        Value::Number(number) => match number.numeric() {
            Numeric::Int(_) => Ok(value),
            Numeric::Float(float) => Ok(Value::Number(Number::Float(round(float)))),
        },
        other => one(other, round),
    }
}

fn scaled(number: f64, by: f64) -> f64 {
    libm::scalbn(number, whole(by))
}

#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn whole(number: f64) -> i32 {
    number as i32
}

fn logb(number: f64) -> f64 {
    if number == 0.0 {
        f64::NEG_INFINITY
    } else if number.is_finite() {
        f64::from(libm::ilogb(number))
    } else {
        number.abs()
    }
}

fn significand(number: f64) -> f64 {
    if number == 0.0 || !number.is_finite() {
        number
    } else {
        libm::scalbn(number, -libm::ilogb(number))
    }
}
