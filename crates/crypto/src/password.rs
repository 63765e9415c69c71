//! Passwords of accounts: Argon2id in PHC form (RFC 9106; cost after the OWASP minimum). Keeps no password and knows
//! no account; which strength is asked for is the rule pack's.

use argon2::password_hash::{Error, PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use rand::RngCore;

use crate::CryptoError;

fn hasher() -> Result<Argon2<'static>, CryptoError> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|_| CryptoError::PasswordHash)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes a password: 19 MiB, two passes, some tens of milliseconds.
pub fn hash(password: &str, rng: &mut dyn RngCore) -> Result<String, CryptoError> {
    let mut salt = [0; 16];
    rng.fill_bytes(&mut salt);
    let salt = SaltString::encode_b64(&salt).map_err(|_| CryptoError::PasswordHash)?;
    let hash = hasher()?.hash_password(password.as_bytes(), &salt).map_err(|_| CryptoError::PasswordHash)?;
    Ok(hash.to_string())
}

/// Whether the password is the hashed one. Refuses a hash that isn't Argon2id in PHC form.
pub fn verify(password: &str, phc: &str) -> Result<bool, CryptoError> {
    let hash = PasswordHash::new(phc).map_err(|_| CryptoError::PasswordHash)?;
    match hasher()?.verify_password(password.as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(Error::Password) => Ok(false),
        Err(_) => Err(CryptoError::PasswordHash),
    }
}

/// A hash that no known password has, to verify against when there is no such account: it takes the same time.
pub const fn decoy() -> &'static str {
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
}

/// Why a password is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// Too short.
    #[error("at least {0} characters are needed")]
    Short(usize),
    /// One character repeated, or a run such as 12345678.
    #[error("a repeated or running sequence is easily guessed")]
    Monotonous,
    /// The account name stands in it.
    #[error("the account name must not stand in it")]
    AccountName,
    /// Only one kind of character.
    #[error("letters and digits or other characters are needed")]
    OneKind,
}

/// Refuses passwords that are easily guessed. `least` is in characters.
pub fn check_strength(password: &str, account: &str, least: usize) -> Result<(), Weakness> {
    let characters: Vec<char> = password.chars().collect();
    if characters.len() < least {
        return Err(Weakness::Short(least));
    }
    let runs = |step: i64| {
        characters
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if i64::from(u32::from(*b)) - i64::from(u32::from(*a)) == step))
    };
    if runs(0) || runs(1) || runs(-1) {
        return Err(Weakness::Monotonous);
    }
    if account.chars().count() >= 3 && password.to_lowercase().contains(&account.to_lowercase()) {
        return Err(Weakness::AccountName);
    }
    let letters = characters.iter().any(|c| c.is_alphabetic());
    let others = characters.iter().any(|c| !c.is_alphabetic());
    if letters && others { Ok(()) } else { Err(Weakness::OneKind) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn verifies_the_right_password_only() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(3);
        let phc = hash("Jingui-2026", &mut rng).unwrap();
        assert_eq!(verify("Jingui-2026", &phc), Ok(true));
        assert_eq!(verify("Jingui-2025", &phc), Ok(false));
        assert_eq!(verify("Jingui-2026", decoy()), Ok(false));
        for phc in ["", "no hash", "$scrypt$ln=1,r=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA"] {
            assert_eq!(verify("x", phc), Err(CryptoError::PasswordHash), "{phc}");
        }
        assert_ne!(hash("Jingui-2026", &mut rng).unwrap(), phc, "two hashes share a salt");
    }

    /// A decoy of another cost would tell by its time that there is no such account.
    #[test]
    fn the_decoy_costs_what_an_account_costs() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(4);
        let real = hash("Jingui-2026", &mut rng).unwrap();
        let cost = |phc: &str| phc.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(cost(decoy()), cost(&real));
        assert_eq!(decoy().len(), real.len());
    }

    #[test]
    fn what_is_easily_guessed_is_refused() {
        assert_eq!(check_strength("abc1", "li", 8), Err(Weakness::Short(8)));
        assert_eq!(check_strength("12345678", "li", 8), Err(Weakness::Monotonous));
        assert_eq!(check_strength("aaaaaaaa", "li", 8), Err(Weakness::Monotonous));
        assert_eq!(check_strength("x-wangfang9", "wangfang", 8), Err(Weakness::AccountName));
        assert_eq!(check_strength("jinguishishi", "li", 8), Err(Weakness::OneKind));
        assert_eq!(check_strength("Jingui-2026", "li", 8), Ok(()));
    }
}
