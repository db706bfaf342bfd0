//! Which features a policy reads.

/// Families of features, and how they are pooled; what is not among them is not extracted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Families(u8);

impl Families {
    /// Named structural signals.
    pub const DETECTORS: Self = Self(1);
    /// Hashed n-grams of 1 and 2 words.
    pub const WORDS: Self = Self(2);
    /// Hashed n-grams of 3 to 5 characters.
    pub const CHARS: Self = Self(4);
    /// The embedding.
    pub const EMBEDDING: Self = Self(8);
    /// The maximum over segments of what is made of all these.
    pub const MAX: Self = Self(16);
    /// The mean over segments.
    pub const MEAN: Self = Self(32);
    /// All of them.
    pub const ALL: Self = Self(63);
    /// Names, in the order of their bits.
    pub const NAMES: [&'static str; 6] =
        ["detectors", "words", "chars", "embedding", "max", "mean"];

    /// Those whose bits are set.
    pub const fn from_bits(bits: u8) -> Option<Self> {
        if bits <= Self::ALL.0 { Some(Self(bits)) } else { None }
    }

    /// Those with these names; the unknown name as the error.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, &'a str> {
        names.into_iter().try_fold(Self(0), |families, name| {
            let bit = Self::NAMES.iter().position(|known| *known == name).ok_or(name)?;
            Ok(Self(families.0 | 1 << bit))
        })
    }

    /// One bit each.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether `family` is among them.
    #[inline]
    pub const fn has(self, family: Self) -> bool {
        self.0 & family.0 != 0
    }
}
