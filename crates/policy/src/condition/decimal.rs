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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compare(left: &str, right: &str) -> Option<Ordering> {
        Some(Decimal::parse(left)?.compare(&Decimal::parse(right)?))
    }

    proptest! {
        #[test]
        fn numbers_compare_as_integers_of_the_same_scale(
            left in any::<i64>(), right in any::<i64>(), zeros in 0..4_usize, scale in 0..6_i32,
        ) {
            let padded = |number: i64| {
                let sign = if number < 0 { "-" } else { "" };
                format!("{sign}{}{}.{}e-{scale}", "0".repeat(zeros), number.unsigned_abs(), "0".repeat(zeros))
            };
            prop_assert_eq!(compare(&padded(left), &format!("{right}e-{scale}")), Some(left.cmp(&right)));
            prop_assert_eq!(compare(&padded(left), &padded(left)), Some(Ordering::Equal));
        }

        #[test]
        fn fractions_compare_as_integers_of_the_same_scale(left in 0..10_000_u32, right in 0..10_000_u32) {
            let fraction = |number: u32| format!("0.{number:04}");
            prop_assert_eq!(compare(&fraction(left), &fraction(right)), Some(left.cmp(&right)));
            let short = fraction(left).trim_end_matches('0').to_owned();
            prop_assert_eq!(compare(&short, &fraction(right)), Some(left.cmp(&right)));
        }
    }

    #[test]
    fn what_is_no_number() {
        for text in ["", "-", ".", "1.2.3", "1e", "e5", "0x10", "1 0", "١", "+-1", "NaN", "inf", "1e99999999999"] {
            assert!(Decimal::parse(text).is_none(), "{text}");
        }
        assert_eq!(compare("1e2147483647", "2"), Some(Ordering::Greater));
        assert_eq!(compare(" 7 ", "+7."), Some(Ordering::Equal));
    }
}
