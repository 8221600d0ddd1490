//! Numbers for people.

/// Digits in threes.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_come_in_threes() {
        assert_eq!((grouped(0), grouped(4096), grouped(1_048_576)), ("0".into(), "4 096".into(), "1 048 576".into()));
    }
}
