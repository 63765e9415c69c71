//! Signatures of checkpoints and bundles: Ed25519 (RFC 8032) or SM2 with SM3 (GB/T 32918), by the suite. What is signed,
//! and whose key it is, is the caller's.

use std::fmt;

use ed25519_dalek::Signer as _;
use rand::CryptoRng;
use sm2::dsa::signature::Verifier as _;
use sm2::elliptic_curve::sec1::ToSec1Point as _;
use zeroize::Zeroizing;

use crate::CryptoError;
use crate::suite::Suite;

/// The name under which a signer is hashed into what SM2 signs, where nothing else was agreed (GB/T 35276). OpenSSL 3
/// takes an empty one unless told: its `distid` must be set to verify these signatures.
const DISTINGUISHING_ID: &str = "1234567812345678";

/// A key that signs; wiped from memory when dropped. Nonces are worked out from key and message (RFC 8032, RFC 6979), so
/// that no weak generator can give the key away.
#[derive(Clone)]
pub struct SigningKey(Secret);

#[derive(Clone)]
enum Secret {
    Ed25519(ed25519_dalek::SigningKey),
    /// The bare key, which is wiped on drop; the library's own signing key isn't.
    Sm2(sm2::SecretKey),
}

impl SigningKey {
    /// A new key.
    pub fn generate(suite: Suite, rng: &mut impl CryptoRng) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        // Of the random 32 bytes one in four thousand million is beyond the order of SM2's curve, and is drawn again.
        loop {
            rng.fill_bytes(bytes.as_mut());
            if let Ok(key) = Self::from_bytes(suite, &bytes) {
                return key;
            }
        }
    }

    /// The key of these bytes.
    ///
    /// # Errors
    /// When SM2 has no such key: nought, or beyond the order of its curve.
    pub fn from_bytes(suite: Suite, bytes: &[u8; 32]) -> Result<Self, CryptoError> {
        match suite {
            Suite::International => Ok(Self(Secret::Ed25519(ed25519_dalek::SigningKey::from_bytes(bytes)))),
            Suite::Guomi => {
                let secret = sm2::SecretKey::from_slice(bytes).map_err(|_| CryptoError::Key)?;
                // The last key below the order can be held but never signs.
                sm2_sign(&secret, b"").ok_or(CryptoError::Key)?;
                Ok(Self(Secret::Sm2(secret)))
            }
        }
    }

    /// The bytes of the key.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(match &self.0 {
            Secret::Ed25519(key) => key.to_bytes(),
            Secret::Sm2(key) => key.to_bytes().into(),
        })
    }

    /// Signs: 64 bytes in both suites, for SM2 the numbers r and s.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.0 {
            Secret::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            // A key that signed once fails on another message once in 2²⁵⁶ times.
            Secret::Sm2(key) => sm2_sign(key, message).unwrap_or_else(|| std::process::abort()),
        }
    }

    /// The key that verifies.
    pub fn verifying(&self) -> VerifyingKey {
        VerifyingKey(match &self.0 {
            Secret::Ed25519(key) => Public::Ed25519(key.verifying_key()),
            Secret::Sm2(key) => Public::Sm2(key.public_key()),
        })
    }
}

fn sm2_sign(secret: &sm2::SecretKey, message: &[u8]) -> Option<Vec<u8>> {
    let key = sm2::dsa::SigningKey::new(DISTINGUISHING_ID, secret).ok()?;
    Some(key.try_sign(message).ok()?.to_bytes().to_vec())
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

/// A key that verifies; public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyingKey(Public);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Public {
    Ed25519(ed25519_dalek::VerifyingKey),
    Sm2(sm2::PublicKey),
}

impl VerifyingKey {
    /// The key of these bytes: 32 of Ed25519; for SM2 65, a four and both coordinates.
    ///
    /// # Errors
    /// When they are no point of the suite's curve.
    pub fn from_bytes(suite: Suite, bytes: &[u8]) -> Result<Self, CryptoError> {
        let key = match suite {
            Suite::International => <&[u8; 32]>::try_from(bytes)
                .ok()
                .and_then(|bytes| ed25519_dalek::VerifyingKey::from_bytes(bytes).ok())
                .map(Public::Ed25519),
            Suite::Guomi => Some(bytes)
                .filter(|bytes| bytes.len() == 65)
                .and_then(|bytes| sm2::PublicKey::from_sec1_bytes(bytes).ok())
                .map(Public::Sm2),
        };
        key.map(Self).ok_or(CryptoError::Key)
    }

    /// The bytes of the key, as [`Self::from_bytes`] reads them.
    pub fn to_bytes(&self) -> Vec<u8> {
        match &self.0 {
            Public::Ed25519(key) => key.to_bytes().to_vec(),
            Public::Sm2(key) => key.to_sec1_point(false).as_bytes().to_vec(),
        }
    }

    /// The suite it belongs to.
    pub const fn suite(&self) -> Suite {
        match self.0 {
            Public::Ed25519(_) => Suite::International,
            Public::Sm2(_) => Suite::Guomi,
        }
    }

    /// Refuses a signature that the key didn't make over these very bytes.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        let fits = match &self.0 {
            // Strictly: weak keys and malleable signatures, which other programs judge differently, are refused.
            Public::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            Public::Sm2(key) => sm2::dsa::Signature::from_slice(signature).is_ok_and(|signature| {
                sm2::dsa::VerifyingKey::new(DISTINGUISHING_ID, *key)
                    .is_ok_and(|key| key.verify(message, &signature).is_ok())
            }),
        };
        if fits { Ok(()) } else { Err(CryptoError::Signature) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;
    use rand::SeedableRng;

    const SUITES: [Suite; 2] = [Suite::International, Suite::Guomi];

    fn hex(text: &str) -> Vec<u8> {
        HEXLOWER.decode(text.as_bytes()).unwrap()
    }

    /// RFC 8032, section 7.1, tests 1 to 3.
    #[test]
    fn published_vectors_of_ed25519() {
        for (secret, public, message, signature) in [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
            (
                "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
                "af82",
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
            ),
        ] {
            let key = SigningKey::from_bytes(Suite::International, &hex(secret).try_into().unwrap()).unwrap();
            assert_eq!(HEXLOWER.encode(&key.verifying().to_bytes()), public);
            assert_eq!(HEXLOWER.encode(&key.sign(&hex(message))), signature);
            assert_eq!(key.verifying().verify(&hex(message), &hex(signature)), Ok(()));
        }
    }

    /// GB/T 32918.5-2017, appendix A: key and signature over `message digest` with the default id. Its nonce was chosen by
    /// hand, so that our own signature of the message is another.
    #[test]
    fn published_vector_of_sm2() {
        let secret = hex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8");
        let public = hex(
            "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13",
        );
        let signature = hex(
            "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa",
        );
        let key = SigningKey::from_bytes(Suite::Guomi, &secret.try_into().unwrap()).unwrap();
        assert_eq!(key.verifying().to_bytes(), public);
        let verifying = VerifyingKey::from_bytes(Suite::Guomi, &public).unwrap();
        assert_eq!(verifying.verify(b"message digest", &signature), Ok(()));
        assert_eq!(verifying.verify(b"message digesu", &signature), Err(CryptoError::Signature));
        let ours = key.sign(b"message digest");
        assert_eq!(verifying.verify(b"message digest", &ours), Ok(()));
        assert_eq!(ours, key.sign(b"message digest"), "the nonce is worked out, not drawn");
    }

    /// Made by OpenSSL 3 with the key above and `-pkeyopt distid:1234567812345678`; ours below was verified by it likewise.
    #[test]
    fn openssl_and_we_verify_each_other() {
        let secret = hex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8");
        let key = SigningKey::from_bytes(Suite::Guomi, &secret.try_into().unwrap()).unwrap();
        assert_eq!(key.verifying().verify("金匮石室".as_bytes(), &hex("98720c0d44ef57a026b8160d74570fcec0a2b2391260031603663c9b98da643cbcf53d3b1a08cb0627164f37ccdc8e83df6ca1ca9d7e1342ec9feeeef8800765")), Ok(()));
        assert_eq!(
            HEXLOWER.encode(&key.sign("金匮石室".as_bytes())),
            "edfa28178dd5a13b1e4c7f5d4b71fa740501ecff9818fbc9b635b49bb1837a4555ffcc7d282335f4fcbd71b0ef85cd68d698b6aa238590d0f67ceba19fc4b404"
        );
    }

    #[test]
    fn every_altered_bit_of_message_signature_and_key_is_refused() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        for suite in SUITES {
            let key = SigningKey::generate(suite, &mut rng);
            let (message, signature, public) =
                (b"root 7".to_vec(), key.sign(b"root 7"), key.verifying().to_bytes());
            for which in 0..3 {
                let length = [message.len(), signature.len(), public.len()][which];
                for bit in 0..length * 8 {
                    let mut parts = [message.clone(), signature.clone(), public.clone()];
                    parts[which][bit / 8] ^= 1 << (bit % 8);
                    let verdict = VerifyingKey::from_bytes(suite, &parts[2])
                        .and_then(|key| key.verify(&parts[0], &parts[1]));
                    assert!(verdict.is_err(), "{suite:?}: part {which}, bit {bit}");
                }
            }
            assert!(key.verifying().verify(&message, &signature[..63]).is_err());
            assert!(SigningKey::generate(suite, &mut rng).verifying().verify(&message, &signature).is_err());
        }
    }

    #[test]
    fn keys_come_back_from_their_bytes_and_show_nothing() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(2);
        for suite in SUITES {
            let key = SigningKey::generate(suite, &mut rng);
            let again = SigningKey::from_bytes(suite, &key.to_bytes()).unwrap();
            assert_eq!(again.sign(b"x"), key.sign(b"x"));
            let public = VerifyingKey::from_bytes(suite, &key.verifying().to_bytes()).unwrap();
            assert_eq!((public, public.suite()), (key.verifying(), suite));
            assert_eq!(format!("{key:?}"), "SigningKey");
        }
    }

    /// Nought, the order of the curve less one, the order (GB/T 32918.5), and all ones.
    #[test]
    fn what_is_no_key_of_sm2_is_refused() {
        for secret in [
            "00".repeat(32),
            "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54122".to_owned(),
            "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123".to_owned(),
            "ff".repeat(32),
        ] {
            let key = SigningKey::from_bytes(Suite::Guomi, &hex(&secret).try_into().unwrap());
            assert_eq!(key.unwrap_err(), CryptoError::Key, "{secret}");
        }
    }
}
