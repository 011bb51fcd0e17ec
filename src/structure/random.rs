//! Where jitter comes from.

/// A generator of the splitmix64 family: small, quick, good enough to spread timeouts; not for secrets.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number from 0 to `greatest`, both included.
    pub(crate) fn up_to(&mut self, greatest: u64) -> u64 {
        let scaled = u128::from(self.next()) * (u128::from(greatest) + 1);
        (scaled >> 64) as u64
    }

    fn next(&mut self) -> u64 {
        // Constants of Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}
