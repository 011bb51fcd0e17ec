//! Keys: the hosts of a world.

use std::fmt::{self, Display};

/// A host by its number, shown in letters: `a` to `z`, then `aa`; so `a1` can be its first connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key(pub u16);

impl Key {
    /// The place in tables of hosts.
    pub fn index(self) -> usize {
        self.0.into()
    }
}

impl Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 >= 26 {
            write!(f, "{}", Self(self.0 / 26 - 1))?;
        }
        write!(f, "{}", char::from(b'a' + (self.0 % 26) as u8))
    }
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn every_host_has_letters_of_its_own() {
        let shown = [0, 25, 26, 27, 51, 52].map(|number| Key(number).to_string());
        assert_eq!(shown, ["a", "z", "aa", "ab", "az", "ba"]);
    }
}
