//! The four levels (clauses 2.2.1 – 2.2.4).

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A level of secrecy. In JSON it is its number, 1 to 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Internal-sensitive 内部敏感 (2.2.4): not a state secret.
    Internal = 1,
    /// Confidential 秘密 (2.2.3).
    Confidential = 2,
    /// Secret 机密 (2.2.2).
    Secret = 3,
    /// Top secret 绝密 (2.2.1).
    TopSecret = 4,
}

impl Level {
    /// All levels, lowest first.
    pub const ALL: [Self; 4] = [Self::Internal, Self::Confidential, Self::Secret, Self::TopSecret];

    /// The level of that number.
    pub fn new(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|level| i64::from(level.number()) == number)
    }

    /// 1 to 4.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Chinese name.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Internal => "内部敏感",
            Self::Confidential => "秘密",
            Self::Secret => "机密",
            Self::TopSecret => "绝密",
        }
    }

    /// English name.
    pub const fn en(self) -> &'static str {
        match self {
            Self::Internal => "internal-sensitive",
            Self::Confidential => "confidential",
            Self::Secret => "secret",
            Self::TopSecret => "top secret",
        }
    }
}

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.number())
    }
}

impl<'de> Deserialize<'de> for Level {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        Self::new(number)
            .ok_or_else(|| serde::de::Error::custom(format!("expected a level from 1 to 4, found {number}")))
    }
}

impl JsonSchema for Level {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Level".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "enum": [1, 2, 3, 4] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_its_number_in_json() {
        for (level, number) in Level::ALL.into_iter().zip(1_i64..) {
            assert_eq!(serde_json::to_value(level).unwrap(), number);
            assert_eq!(serde_json::from_value::<Level>(number.into()).unwrap(), level);
        }
        assert!(Level::Internal < Level::TopSecret);
        for number in [0, 5, -1, i64::MAX] {
            let error = serde_json::from_value::<Level>(number.into()).unwrap_err().to_string();
            assert_eq!(error, format!("expected a level from 1 to 4, found {number}"));
        }
        assert!(serde_json::from_str::<Level>("\"3\"").is_err());
    }
}
