//! Passphrases: the key that one stands for, and what a guess at it costs. Accounts' passwords are another matter.

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::CryptoError;

/// How dear a guess at the passphrase is (Argon2id, RFC 9106).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassphraseCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for PassphraseCost {
    /// 64 MiB, three passes, one lane.
    fn default() -> Self {
        Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 }
    }
}

impl PassphraseCost {
    pub(crate) fn bytes(self) -> Vec<u8> {
        [self.memory_kib, self.passes, self.lanes].iter().flat_map(|number| number.to_be_bytes()).collect()
    }
}

/// The key that a passphrase stands for: Argon2id (RFC 9106), in both suites.
pub(crate) fn stretch(
    passphrase: &str,
    salt: &[u8],
    cost: PassphraseCost,
) -> Result<Zeroizing<[u8; 32]>, CryptoError> {
    // A file from elsewhere must not make this machine spend all its memory on a guess.
    if cost.memory_kib > 1024 * 1024 || cost.passes > 20 || cost.lanes > 8 {
        return Err(CryptoError::Cost);
    }
    let params =
        Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32)).map_err(|_| CryptoError::Cost)?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, key.as_mut())
        .map_err(|_| CryptoError::Damaged)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9106, section 5.3, through the library that derives the wrapping key.
    #[test]
    fn published_vector_of_argon2id() {
        let params = argon2::ParamsBuilder::new()
            .m_cost(32)
            .t_cost(3)
            .p_cost(4)
            .data(argon2::AssociatedData::new(&[4; 12]).unwrap())
            .build()
            .unwrap();
        let argon = Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params).unwrap();
        let mut tag = [0; 32];
        argon.hash_password_into(&[1; 32], &[2; 16], &mut tag).unwrap();
        assert_eq!(
            data_encoding::HEXLOWER.encode(&tag),
            "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
        );
    }

    /// Every office opens at the default cost, so it is tried as it is.
    #[test]
    fn a_passphrase_gives_one_key_and_no_cost_beyond_all_bounds() {
        let cost = PassphraseCost::default();
        let key = stretch("a passphrase", &[1; 16], cost).unwrap();
        assert_eq!(stretch("a passphrase", &[1; 16], cost).unwrap(), key);
        assert_ne!(stretch("a passphrase", &[2; 16], cost).unwrap(), key);
        let cheap = PassphraseCost { memory_kib: 64, passes: 1, lanes: 1 };
        for beyond in [
            PassphraseCost { memory_kib: 1024 * 1024 + 1, ..cheap },
            PassphraseCost { passes: 21, ..cheap },
            PassphraseCost { lanes: 9, ..cheap },
            PassphraseCost { memory_kib: 0, ..cheap },
        ] {
            assert_eq!(stretch("x", &[1; 16], beyond).unwrap_err(), CryptoError::Cost);
        }
    }
}
