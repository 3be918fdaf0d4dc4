//! A small generator of numbers: the same seed gives the same household everywhere.

/// SplitMix64 (Steele, Lea and Flood, 2014). Not for secrets.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `end`, `end` excluded; 0 where `end` is 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or(0)
    }

    /// A decimal around `middle`, at most `spread` away, with so many digits after the point.
    pub(super) fn near(&mut self, middle: f64, spread: f64, digits: usize) -> String {
        let part = self.below(2_000_001) as f64 / 1_000_000.0 - 1.0;
        format!("{:.digits$}", part.mul_add(spread, middle))
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let take = |seed| {
            let mut r = Random::new(seed);
            (0..5).map(|_| r.next()).collect::<Vec<_>>()
        };
        assert_eq!(take(7), take(7));
        assert_ne!(take(7), take(8));
    }

    #[test]
    fn near_stays_near() {
        let mut r = Random::new(1);
        for _ in 0..1000 {
            let value: f64 = r.near(5.0, 1.0, 2).parse().expect("a number");
            assert!((4.0..=6.0).contains(&value), "{value}");
        }
    }
}
