//! The exported forms, byte by byte as `docs/ledger-format.md` has them.

use data_encoding::HEXLOWER;
use jingui_ledger::{
    Evidence, EvidenceWriter, LONGEST_ENTRY, Note, NoteSignature, SegmentWriter, TreeSuite, origin,
    segment_name,
};

#[test]
fn a_segment_is_header_and_entries() {
    let mut writer = SegmentWriter::begin(Vec::new(), TreeSuite::Guomi, "ab", 257).unwrap();
    writer.entry(&[3, 2, 1]).unwrap();
    writer.entry(&[9]).unwrap();
    assert_eq!(
        HEXLOWER.encode(&writer.into_inner()),
        concat!(
            "4a474c47",
            "01",
            "02",
            "0002",
            "6162",
            "0000000000000101",
            "00000003",
            "030201",
            "00000001",
            "09"
        )
    );
    assert_eq!(segment_name(257), "00000000000000000257.entries");
    assert_eq!(origin("ab"), "jingui/ab");
}

#[test]
fn entries_out_of_bounds_are_refused() {
    let mut writer = SegmentWriter::begin(std::io::sink(), TreeSuite::International, "ab", 1).unwrap();
    assert!(writer.entry(&[]).is_err());
    assert!(writer.entry(&vec![0; LONGEST_ENTRY]).is_ok());
    assert!(writer.entry(&vec![0; LONGEST_ENTRY + 1]).is_err());
    assert!(SegmentWriter::begin(std::io::sink(), TreeSuite::International, &"a".repeat(65_536), 1).is_err());
}

#[test]
fn evidence_is_a_checkpoint_and_entries() {
    let mut note = Note::new("jingui/ab\n2\nAAAA\n".into()).unwrap();
    note.add(NoteSignature::parse("— a AAAAAAA=").unwrap()).unwrap();
    let mut writer = EvidenceWriter::begin(Vec::new(), TreeSuite::International, &note).unwrap();
    writer.entry(&Evidence { seq: 1, sealed: &[1, 2], opening: None, proof: &[[0; 32]] }).unwrap();
    writer.entry(&Evidence { seq: 2, sealed: &[1, 3], opening: Some(&[0; 32]), proof: &[] }).unwrap();
    let zeros = "A".repeat(43);
    assert_eq!(
        String::from_utf8(writer.into_inner()).unwrap(),
        format!(
            "jingui/evidence/1\nsuite international\n\njingui/ab\n2\nAAAA\n\n— a AAAAAAA=\n\n\
             entry 1\nsealed AQI=\n{zeros}=\n\nentry 2\nsealed AQM=\nopening {zeros}=\n"
        )
    );
}
