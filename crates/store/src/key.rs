//! Ids: ordered by the moment of their making, so that the newest rows of a table lie together, and with
//! 80 random bits, so that nobody can guess another record's id.

use std::fmt;
use std::str::FromStr;

use jingui_regulation::Moment;
use rand::RngCore;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

/// Crockford's base 32 in lower case: no i, l, o, u to misread.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Characters of an id: 48 bits of milliseconds and 80 random bits, five bits a character.
const LENGTH: usize = 26;

/// The id of a record: 26 characters of lower-case base 32.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Id(String);

impl Id {
    /// Makes a new id from the moment (milliseconds since 1970) and 80 random bits.
    pub fn generate(now: Moment, rng: &mut dyn RngCore) -> Self {
        let mut random = [0_u8; 16];
        rng.fill_bytes(random.get_mut(6..).unwrap_or(&mut []));
        Self::of(now, u128::from_be_bytes(random))
    }

    /// The greatest that can be made at a moment.
    pub fn latest(at: Moment) -> Self {
        Self::of(at, (1 << 80) - 1)
    }

    fn of(at: Moment, random: u128) -> Self {
        let millis = u128::try_from(at.millis()).unwrap_or(0) & 0xffff_ffff_ffff;
        let bits = (millis << 80) | random;
        let text = (0..LENGTH)
            .rev()
            .map(|place| {
                let digit = usize::try_from((bits >> (place * 5)) & 31).unwrap_or(0);
                ALPHABET.get(digit).map_or('0', |byte| char::from(*byte))
            })
            .collect();
        Self(text)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Id {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() == LENGTH && text.bytes().all(|byte| ALPHABET.contains(&byte)) {
            Ok(Self(text.to_owned()))
        } else {
            Err("expected an id of 26 characters 0-9 a-z".to_owned())
        }
    }
}

impl AsRef<str> for Id {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Id {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Id".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9a-hjkmnp-tv-z]{26}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn ids_are_ordered_by_time_and_read_back() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let early = Id::generate(Moment::from_millis(1_000), &mut rng);
        let late = Id::generate(Moment::from_millis(1_001), &mut rng);
        assert!(early < late);
        assert_eq!(early.as_str().parse::<Id>(), Ok(early));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in ["", "x", "0123456789abcdefghjkmnpqrU", "0123456789abcdefghjkmnpqr\u{ff10}"] {
            assert!(text.parse::<Id>().is_err(), "{text}");
        }
    }
}
