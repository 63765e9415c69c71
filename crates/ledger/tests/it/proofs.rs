//! Proofs against the definitions of RFC 6962, published vectors, and two other implementations.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof};
use data_encoding::HEXLOWER;
use jingui_ledger::{
    Hash, LedgerError, Sha256, Sm3, Source, TreeHash, TreeSuite, consistency, inclusion, root_at,
    verify_consistency, verify_inclusion,
};
use proptest::prelude::*;

use crate::source::Journal;

fn entries(count: u64) -> impl Iterator<Item = Vec<u8>> {
    (0..count).map(|number| number.to_be_bytes().to_vec())
}

/// MTH of RFC 6962, section 2.1, as it stands there.
fn mth(hash: impl TreeHash, leaves: &[Hash]) -> Hash {
    match leaves {
        [] => hash.empty(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            hash.node(&mth(hash, left), &mth(hash, right))
        }
    }
}

/// PATH of section 2.1.1.
fn path(hash: impl TreeHash, index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut below, beside) = if index < left.len() {
        (path(hash, index, left), mth(hash, right))
    } else {
        (path(hash, index - left.len(), right), mth(hash, left))
    };
    below.push(beside);
    below
}

/// SUBPROOF of section 2.1.2.
fn subproof(hash: impl TreeHash, old: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if whole { Vec::new() } else { vec![mth(hash, leaves)] };
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut below, beside) = if old <= left.len() {
        (subproof(hash, old, left, whole), mth(hash, right))
    } else {
        (subproof(hash, old - left.len(), right, false), mth(hash, left))
    };
    below.push(beside);
    below
}

fn check_against_the_model(hash: impl TreeHash, size: u64, index: u64, old: u64) {
    let journal = Journal::of(hash, entries(size));
    let leaves = journal.leaves(0..size).unwrap();
    let at = |place: u64| usize::try_from(place).unwrap();
    let root = mth(hash, &leaves);
    assert_eq!(journal.frontier.root(), root);
    let past = mth(hash, &leaves[..at(old)]);
    assert_eq!(root_at(&journal, hash, old), Ok(past));

    let proof = inclusion(&journal, hash, index, size).unwrap();
    assert_eq!(proof, path(hash, at(index), &leaves));
    assert_eq!(verify_inclusion(hash, &leaves[at(index)], index, size, &proof, &root), Ok(()));

    let proof = consistency(&journal, hash, old, size).unwrap();
    let expected = if old == 0 { Vec::new() } else { subproof(hash, at(old), &leaves, true) };
    assert_eq!(proof, expected);
    assert_eq!(verify_consistency(hash, (old, &past), (size, &root), &proof), Ok(()));
}

#[test]
fn every_small_tree_is_as_the_definitions_say() {
    for size in 1..=20 {
        for place in 0..size {
            check_against_the_model(Sha256, size, place, place);
            check_against_the_model(Sm3, size, place, place + 1);
        }
    }
}

#[test]
fn sizes_around_the_kept_subtrees_are_as_the_definitions_say() {
    for size in [255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 66_049] {
        for place in [0, 1, 127, 128, 254, size / 2, size - 1] {
            check_against_the_model(Sha256, size, place, place + 1);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn trees_are_as_the_definitions_say(size in 1_u64..3000, index: prop::sample::Index, old: prop::sample::Index) {
        let (index, old) = (index.index(size as usize) as u64, old.index(size as usize + 1) as u64);
        check_against_the_model(TreeSuite::International, size, index, old);
        check_against_the_model(TreeSuite::Guomi, size, index, old);
    }

    /// Our proofs are theirs, theirs are ours, and each side accepts them: ct-merkle over both hash functions.
    #[test]
    fn proofs_are_the_ones_of_ct_merkle(size in 2_usize..700, index: prop::sample::Index, old: prop::sample::Index) {
        let (index, old) = (index.index(size), old.index(size - 1) + 1);
        against_ct_merkle::<sha2_next::Sha256>(Sha256, size, index, old);
        against_ct_merkle::<sm3::Sm3>(Sm3, size, index, old);
    }

    /// A third opinion on what is accepted.
    #[test]
    fn proofs_are_accepted_by_tlog_tiles(size in 1_u64..700, index: prop::sample::Index, old: prop::sample::Index) {
        use tlog_tiles::tlog::{Hash as Theirs, check_record, check_tree};
        let (index, old) = (index.index(size as usize) as u64, old.index(size as usize) as u64 + 1);
        let journal = Journal::of(Sha256, entries(size));
        let root = Theirs(journal.frontier.root());
        let proof = inclusion(&journal, Sha256, index, size).unwrap().into_iter().map(Theirs).collect();
        prop_assert!(check_record(&proof, size, root, index, Theirs(journal.leaf(index))).is_ok());
        let past = Theirs(root_at(&journal, Sha256, old).unwrap());
        let proof = consistency(&journal, Sha256, old, size).unwrap().into_iter().map(Theirs).collect();
        prop_assert!(check_tree(&proof, size, root, old, past).is_ok());
    }

    /// Whatever is altered in a proof or around it, it proves nothing any more.
    #[test]
    fn an_altered_proof_is_refused(
        size in 2_u64..600, index: prop::sample::Index, old: prop::sample::Index, at: prop::sample::Index, bit in 0_u8..8,
    ) {
        let (index, old) = (index.index(size as usize) as u64, old.index(size as usize - 1) as u64 + 1);
        let journal = Journal::of(Sha256, entries(size));
        let (leaf, root) = (journal.leaf(index), journal.frontier.root());
        let proof = inclusion(&journal, Sha256, index, size).unwrap();
        let included = |leaf: &Hash, index, size, proof: &[Hash], root: &Hash| {
            verify_inclusion(Sha256, leaf, index, size, proof, root).is_ok()
        };
        prop_assert!(included(&leaf, index, size, &proof, &root));
        for bad in altered(&proof, at, bit) {
            prop_assert!(!included(&leaf, index, size, &bad, &root));
        }
        prop_assert!(!included(&flipped(&leaf, at, bit), index, size, &proof, &root));
        prop_assert!(!included(&leaf, index, size, &proof, &flipped(&root, at, bit)));
        prop_assert!(!included(&leaf, (index + 1) % size, size, &proof, &root));
        prop_assert!(!included(&leaf, index + size, size, &proof, &root));

        let past = root_at(&journal, Sha256, old).unwrap();
        let proof = consistency(&journal, Sha256, old, size).unwrap();
        let continues = |old, past: &Hash, size, root: &Hash, proof: &[Hash]| {
            verify_consistency(Sha256, (old, past), (size, root), proof).is_ok()
        };
        prop_assert!(continues(old, &past, size, &root, &proof));
        for bad in altered(&proof, at, bit) {
            prop_assert!(!continues(old, &past, size, &root, &bad));
        }
        prop_assert!(!continues(old, &flipped(&past, at, bit), size, &root, &proof));
        prop_assert!(!continues(old, &past, size, &flipped(&root, at, bit), &proof));
        prop_assert!(!continues(size, &root, old, &past, &proof));
    }

    /// Nothing that is handed in makes verification stop short or run on.
    #[test]
    fn any_proof_gets_an_answer(
        index: u64, size: u64, old: u64, proof in prop::collection::vec(any::<Hash>(), 0..70), root: Hash,
    ) {
        prop_assert!(verify_inclusion(Sha256, &root, index, size, &proof, &[0; 32]).is_err());
        prop_assert!(verify_consistency(Sha256, (old, &root), (size, &[0; 32]), &proof).is_err());
    }
}

fn flipped(hash: &Hash, at: prop::sample::Index, bit: u8) -> Hash {
    let mut hash = *hash;
    hash[at.index(32)] ^= 1 << bit;
    hash
}

/// A bit flipped, a hash left out, one doubled, one too many, all turned round.
fn altered(proof: &[Hash], at: prop::sample::Index, bit: u8) -> Vec<Vec<Hash>> {
    let mut all = vec![[proof, &[[7; 32]]].concat()];
    if !proof.is_empty() {
        let place = at.index(proof.len());
        let mut flip = proof.to_vec();
        flip[place] = flipped(&flip[place], at, bit);
        let mut shorter = proof.to_vec();
        shorter.remove(place);
        let mut doubled = proof.to_vec();
        doubled.insert(place, proof[place]);
        let turned: Vec<Hash> = proof.iter().rev().copied().collect();
        all.extend([flip, shorter, doubled]);
        all.extend((turned != proof).then_some(turned));
    }
    all
}

fn against_ct_merkle<D: digest_next::Digest>(hash: impl TreeHash, size: usize, index: usize, old: usize)
where
    digest_next::Output<D>: Into<Hash>,
{
    let journal = Journal::of(hash, entries(size as u64));
    let (mut theirs, mut past) = (MemoryBackedTree::<D, Vec<u8>>::new(), None);
    for (place, entry) in entries(size as u64).enumerate() {
        theirs.push(entry);
        if place + 1 == old {
            past = Some(theirs.root());
        }
    }
    let past = past.unwrap();
    let bytes = |proof: &[Hash]| proof.concat();
    let root: Hash = theirs.root().as_bytes().clone().into();
    let past_root: Hash = past.as_bytes().clone().into();

    let proof = inclusion(&journal, hash, index as u64, size as u64).unwrap();
    assert_eq!(bytes(&proof), theirs.prove_inclusion(index).as_bytes());
    let wrapped = InclusionProof::try_from_bytes(bytes(&proof)).unwrap();
    let entry = (index as u64).to_be_bytes().to_vec();
    theirs.root().verify_inclusion(&entry, index as u64, &wrapped).unwrap();
    verify_inclusion(hash, &hash.leaf(&entry), index as u64, size as u64, &proof, &root).unwrap();

    let proof = consistency(&journal, hash, old as u64, size as u64).unwrap();
    let their_proof = theirs.prove_consistency(size - old);
    assert_eq!(bytes(&proof), their_proof.as_bytes());
    let wrapped = ConsistencyProof::try_from_bytes(bytes(&proof)).unwrap();
    theirs.root().verify_consistency(&past, &wrapped).unwrap();
    verify_consistency(hash, (old as u64, &past_root), (size as u64, &root), &proof).unwrap();
}

/// The eight leaves of the Certificate Transparency project's tests, with the proofs published there; its leaves
/// are numbered from 1.
#[test]
fn published_proofs() {
    let hex = |text: &str| HEXLOWER.decode(text.as_bytes()).unwrap();
    let leaves: Vec<Vec<u8>> =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
            .map(hex)
            .into();
    let hashes =
        |proof: &[&str]| proof.iter().map(|hash| hex(hash).try_into().unwrap()).collect::<Vec<Hash>>();
    let journal = Journal::of(Sha256, leaves);
    let a = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
    let b = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
    let c = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
    let d = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
    let e = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
    let f = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7";
    let g = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
    let h = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
    let i = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
    for (leaf, size, proof) in
        [(1, 1, &[][..]), (1, 8, &[a, b, c]), (6, 8, &[d, e, f]), (3, 3, &[g]), (2, 5, &[h, b, d])]
    {
        assert_eq!(inclusion(&journal, Sha256, leaf - 1, size), Ok(hashes(proof)), "{leaf} of {size}");
    }
    for (old, size, proof) in [(1, 1, &[][..]), (1, 8, &[a, b, c]), (6, 8, &[i, e, f]), (2, 5, &[b, d])] {
        assert_eq!(consistency(&journal, Sha256, old, size), Ok(hashes(proof)), "{old} to {size}");
    }
}

#[test]
fn what_lies_beyond_the_tree_is_refused() {
    let journal = Journal::of(Sha256, entries(5));
    let beyond = |asked| Err(LedgerError::Range { asked, size: 5 });
    assert_eq!(inclusion(&journal, Sha256, 5, 5), beyond(5));
    assert_eq!(consistency(&journal, Sha256, 6, 5), beyond(6));
    assert_eq!(inclusion(&journal, Sha256, 0, 0), Err(LedgerError::Range { asked: 0, size: 0 }));
}

/// A store that lost rows must not be able to prove anything.
#[test]
fn a_source_that_gives_too_few_hashes_is_refused() {
    struct Short;
    impl Source for Short {
        type Error = LedgerError;
        fn leaves(&self, _: std::ops::Range<u64>) -> Result<Vec<Hash>, LedgerError> {
            Ok(vec![[0; 32]; 3])
        }
        fn subtrees(&self, _: u8, _: std::ops::Range<u64>) -> Result<Vec<Hash>, LedgerError> {
            Ok(Vec::new())
        }
    }
    assert_eq!(root_at(&Short, Sha256, 8), Err(LedgerError::Source));
    assert_eq!(inclusion(&Short, Sha256, 1, 1 << 20), Err(LedgerError::Source));
}

/// The bound that issue 4 counts on: what a proof reads doesn't grow with the journal but with its logarithm.
#[test]
fn a_proof_reads_a_few_times_256_hashes() {
    let size = 200_003;
    let journal = Journal::of(Sha256, entries(size));
    let mut most = 0;
    for place in (0..size).step_by(997).chain([0, 1, 131_071, 131_072, size - 2, size - 1]) {
        journal.read.set(0);
        inclusion(&journal, Sha256, place, size).unwrap();
        most = most.max(journal.read.get());
        journal.read.set(0);
        consistency(&journal, Sha256, place + 1, size).unwrap();
        most = most.max(journal.read.get());
    }
    assert!(most <= 3 * 256, "{most} hashes read for one proof");
}
