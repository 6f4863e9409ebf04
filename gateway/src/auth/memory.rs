//! What is remembered of API keys between requests, in bounded memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use subtle::ConstantTimeEq;

/// SHA-256 of a key id and its secret.
pub type Proof = [u8; 32];

const MAX_VERIFIED: usize = 65_536;
const MAX_REFUSED: usize = 4_096;
/// How long a wrong secret is known to be wrong.
const REFUSED_FOR: Duration = Duration::from_secs(60);

/// What is known of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recollection {
    /// It was verified.
    Verified,
    /// It is wrong.
    Refused,
    /// It has to be checked.
    Unknown,
}

/// Proofs of verified keys, and lately refused ones.
#[derive(Debug, Default)]
pub struct Memory {
    verified: RwLock<HashMap<i64, Proof>>,
    refused: Mutex<HashMap<Proof, Instant>>,
}

impl Memory {
    /// What is known of this credential. A key has one secret, so where one is verified every other is wrong.
    pub fn recall(&self, key_id: i64, proof: &Proof) -> Recollection {
        let verified = self.verified.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = verified.get(&key_id) {
            return if bool::from(known.ct_eq(proof)) {
                Recollection::Verified
            } else {
                Recollection::Refused
            };
        }
        drop(verified);
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        match refused.get(proof) {
            Some(at) if at.elapsed() < REFUSED_FOR => Recollection::Refused,
            _ => Recollection::Unknown,
        }
    }

    /// Remembers a verified credential.
    pub fn verified(&self, key_id: i64, proof: Proof) {
        let mut verified = self
            .verified
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if verified.len() >= MAX_VERIFIED
            && let Some(other) = verified.keys().next().copied()
        {
            verified.remove(&other);
        }
        verified.insert(key_id, proof);
    }

    /// Remembers a wrong credential for a while.
    pub fn refused(&self, proof: Proof) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= MAX_REFUSED {
            refused.retain(|_, at| at.elapsed() < REFUSED_FOR);
        }
        if refused.len() >= MAX_REFUSED {
            refused.clear();
        }
        refused.insert(proof, Instant::now());
    }

    /// Forgets a verified key.
    pub fn forget(&self, key_id: i64) {
        let mut verified = self
            .verified
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        verified.remove(&key_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_verified_secret_makes_every_other_wrong_until_forgotten() {
        let memory = Memory::default();
        assert_eq!(memory.recall(1, &[1; 32]), Recollection::Unknown);
        memory.verified(1, [1; 32]);
        assert_eq!(memory.recall(1, &[1; 32]), Recollection::Verified);
        assert_eq!(memory.recall(1, &[2; 32]), Recollection::Refused);
        assert_eq!(memory.recall(2, &[1; 32]), Recollection::Unknown);
        memory.forget(1);
        assert_eq!(memory.recall(1, &[1; 32]), Recollection::Unknown);
    }

    #[test]
    fn refused_secrets_are_remembered_in_bounded_memory() {
        let memory = Memory::default();
        for i in 0..10_000_u32 {
            let mut proof = [0; 32];
            proof[..4].copy_from_slice(&i.to_be_bytes());
            memory.refused(proof);
            assert_eq!(memory.recall(1, &proof), Recollection::Refused);
        }
        assert!(memory.refused.lock().expect("a lock").len() <= MAX_REFUSED);
    }
}
