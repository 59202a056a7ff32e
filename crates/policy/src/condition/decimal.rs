//! Decimal numbers of any length, compared as written: no rounding to the nearest double.

use std::cmp::Ordering;

/// A decimal number: sign, digits, and the power of ten of the first digit.
#[derive(Clone, Copy)]
pub(crate) struct Decimal<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    exponent: i64,
}

impl<'a> Decimal<'a> {
    /// Reads `-12.50`, `.5`, `3.`, `1e6`.
    pub(crate) fn parse(text: &'a str) -> Option<Decimal<'a>> {
        let text = text.trim();
        let (negative, digits) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (digits, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !numeric(whole) || !numeric(fraction) {
            return None;
        }
        Some(Decimal { negative, whole, fraction, exponent: exponent.into() })
    }

    fn digits(&self) -> impl Iterator<Item = u8> {
        self.whole.bytes().chain(self.fraction.bytes()).skip_while(|digit| *digit == b'0')
    }

    /// The power of ten of the first digit that is not zero; `None` for zero.
    fn magnitude(&self) -> Option<i64> {
        let significant = self.digits().count();
        let fraction = i64::try_from(self.fraction.len()).ok()?;
        (significant > 0).then(|| i64::try_from(significant).map(|count| count - fraction + self.exponent).ok())?
    }

    fn compare_size(&self, other: &Decimal<'_>) -> Ordering {
        self.magnitude().cmp(&other.magnitude()).then_with(|| {
            let (mut left, mut right) = (self.digits(), other.digits());
            loop {
                match (left.next(), right.next()) {
                    (None, None) => return Ordering::Equal,
                    (left, right) => match left.unwrap_or(b'0').cmp(&right.unwrap_or(b'0')) {
                        Ordering::Equal => {}
                        unequal => return unequal,
                    },
                }
            }
        })
    }

    pub(crate) fn compare(&self, other: &Decimal<'_>) -> Ordering {
        let sign = |number: &Decimal<'_>| match (number.magnitude(), number.negative) {
            (None, _) => 0,
            (Some(_), true) => -1,
            (Some(_), false) => 1,
        };
        sign(self).cmp(&sign(other)).then_with(|| match self.negative {
            true => other.compare_size(self),
            false => self.compare_size(other),
        })
    }
}
