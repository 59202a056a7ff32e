use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

/// Made by vectors/vectors.py, which shares no code with this crate.
const SEAL_SET: &str = include_str!("../../vectors/seal-set-v1.json");
const KEY_FILE: &str =
    "claviger-key-file-v1\n000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n3629b8b4\n";

/// Opens the second seal of [`SEAL_SET`]; [`KEY_FILE`] opens the first.
const WORDS: &str = "correct h\u{f6}rse";

fn passphrase(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

fn new_key_file(folder: &TempDir, name: &str) -> PathBuf {
    let path = folder.path().join(name);
    create_key_file(&path).unwrap();
    path
}

fn stored_key_file(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("stored.key");
    fs::write(&path, KEY_FILE).unwrap();
    path
}

fn stored_set(change: impl FnOnce(&mut Value)) -> SealSet {
    let mut json: Value = serde_json::from_str(SEAL_SET).unwrap();
    change(&mut json);
    serde_json::from_value(json).unwrap()
}

#[test]
fn opens_what_an_independent_implementation_sealed() {
    let folder = TempDir::new().unwrap();
    let set = stored_set(|_| ());
    let root = set.unseal(Unsealer::KeyFile(&stored_key_file(&folder))).unwrap();
    assert_eq!(root.secret().expose(), [0x44; 32]);
    assert_eq!(root.id(), set.root_key_id);
    let root = set.unseal(Unsealer::Passphrase(&passphrase(WORDS))).unwrap();
    assert_eq!(root.secret().expose(), [0x44; 32]);
    // What is written is what was read, member by member.
    let json: Value = serde_json::from_str(SEAL_SET).unwrap();
    assert_eq!(serde_json::to_value(&set).unwrap(), json);
}

#[test]
fn each_seal_opens_alone_and_the_last_one_stays() {
    let folder = TempDir::new().unwrap();
    let (first, second) = (new_key_file(&folder, "first.key"), new_key_file(&folder, "second.key"));
    let root = RootKey::generate();
    let mut set = SealSet::create(&root, Unsealer::KeyFile(&first)).unwrap();
    let enrolled = set.enroll(&root, Unsealer::KeyFile(&second)).unwrap();
    assert_eq!((set.seals.len(), set.root_key_id.clone()), (2, root.id()));
    for file in [&first, &second] {
        assert_eq!(set.unseal(Unsealer::KeyFile(file)).unwrap().id(), root.id());
    }
    assert_eq!(set.enroll(&root, Unsealer::KeyFile(&second)), Err(SealError::AlreadyEnrolled { id: enrolled.clone() }));
    assert_eq!(set.remove("0"), Err(SealError::UnknownSeal { id: "0".to_owned() }));
    set.remove(&set.seals[0].id.clone()).unwrap();
    assert_eq!(set.unseal(Unsealer::KeyFile(&second)).unwrap().id(), root.id());
    assert_eq!(
        set.unseal(Unsealer::KeyFile(&first)).err(),
        Some(UnsealError::WrongKeyFile { path: first, root_key_id: root.id() })
    );
    assert_eq!(set.remove(&enrolled), Err(SealError::LastSeal));
    assert_eq!(set.seals.len(), 1);
}

#[test]
fn the_root_key_is_replaced_without_asking_for_anything() {
    let folder = TempDir::new().unwrap();
    let file = new_key_file(&folder, "file.key");
    let words = passphrase(WORDS);
    let (old, new) = (RootKey::generate(), RootKey::generate());
    let mut set = SealSet::create(&old, Unsealer::Passphrase(&words)).unwrap();
    set.enroll(&old, Unsealer::KeyFile(&file)).unwrap();
    let before = set.clone();

    assert_eq!(set.rewrap(&new, &old), Err(SealError::WrongRootKey { given: new.id(), sealed: old.id() }));
    assert_eq!(set, before);
    set.rewrap(&old, &new).unwrap();
    assert_eq!(set.root_key_id, new.id());
    let opened = set.unseal(Unsealer::KeyFile(&file)).unwrap();
    assert_eq!(opened.secret().expose(), new.secret().expose());
    let opened = set.unseal(Unsealer::Passphrase(&words)).unwrap();
    assert_eq!(opened.secret().expose(), new.secret().expose());
    // Again, from what was read back.
    let mut set: SealSet = serde_json::from_str(&serde_json::to_string(&set).unwrap()).unwrap();
    set.rewrap(&new, &old).unwrap();
    assert_eq!(set.unseal(Unsealer::KeyFile(&file)).unwrap().id(), old.id());

    // Somebody who puts a key of their own into a seal is not handed the next root key.
    let mut planted = set.clone();
    let foreign = SealSet::create(&old, Unsealer::KeyFile(&file)).unwrap().seals.remove(0);
    planted.seals[1].plant_public_key(&foreign, &set.root_key_id);
    let id = planted.seals[1].id.clone();
    assert_eq!(planted.rewrap(&old, &new), Err(SealError::Damaged { id }));
}

#[test]
fn an_old_root_key_does_not_open_its_successor() {
    let folder = TempDir::new().unwrap();
    let file = new_key_file(&folder, "file.key");
    let (old, new) = (RootKey::generate(), RootKey::generate());
    let mut set = SealSet::create(&old, Unsealer::KeyFile(&file)).unwrap();
    let before = set.seals[0].clone();
    set.rewrap(&old, &new).unwrap();
    let after = &set.seals[0];
    // With the old root key one gets at the seal secret, but that alone is not what the new one is sealed under.
    assert_eq!(before.seal_secret_with(&old).len(), 32);
    assert!(!after.opens_with_seal_secret_alone(&before.seal_secret_with(&old), &set.root_key_id));
}

#[test]
fn wrong_and_unenrolled_are_told_apart_from_damaged() {
    let folder = TempDir::new().unwrap();
    let (stored, other) = (stored_key_file(&folder), new_key_file(&folder, "other.key"));
    let set = stored_set(|_| ());
    let root_key_id = set.root_key_id.clone();
    assert_eq!(
        set.unseal(Unsealer::KeyFile(&other)).err(),
        Some(UnsealError::WrongKeyFile { path: other, root_key_id: root_key_id.clone() })
    );
    assert_eq!(
        set.unseal(Unsealer::Passphrase(&passphrase("incorrect horse"))).err(),
        Some(UnsealError::WrongPassphrase { root_key_id })
    );
    let only = |index: usize| stored_set(|json| json["seals"] = json!([json["seals"][index].take()]));
    assert_eq!(
        only(1).unseal(Unsealer::KeyFile(&stored)).err(),
        Some(UnsealError::NotEnrolled { kind: "key-file", enrolled: "passphrase".to_owned() })
    );
    assert_eq!(
        only(0).unseal(Unsealer::Passphrase(&passphrase(WORDS))).err(),
        Some(UnsealError::NotEnrolled { kind: "passphrase", enrolled: "key-file".to_owned() })
    );
    assert_eq!(
        stored_set(|json| json["version"] = json!(2)).unseal(Unsealer::KeyFile(&stored)).err(),
        Some(UnsealError::UnknownVersion { version: 2 })
    );
}

#[test]
fn damage_in_any_member_is_noticed() {
    let folder = TempDir::new().unwrap();
    let stored = stored_key_file(&folder);
    let words = passphrase(WORDS);
    let members =
        ["id", "created", "public_key", "opening_key", "seal_secret", "kem_ciphertext", "sealed_root_key", "checksum"];
    for (index, kind) in [(0, "key_file_id"), (1, "salt")] {
        for member in members.iter().chain([&kind]) {
            let set = stored_set(|json| {
                let value = &mut json["seals"][index][member];
                let text = value.as_str().unwrap();
                let swapped = if text.starts_with('A') { "B" } else { "A" };
                *value = json!(format!("{swapped}{}", &text[1..]));
            });
            let unsealer = if index == 0 { Unsealer::KeyFile(&stored) } else { Unsealer::Passphrase(&words) };
            let id = set.seals[index].id.clone();
            assert_eq!(set.unseal(unsealer).err(), Some(UnsealError::Damaged { id }), "{member}");
        }
    }
    let set = stored_set(|json| json["root_key_id"] = json!("0"));
    assert!(matches!(set.unseal(Unsealer::KeyFile(&stored)), Err(UnsealError::Damaged { .. })));
}

#[test]
fn one_damaged_seal_does_not_shut_the_others() {
    let folder = TempDir::new().unwrap();
    let (stored, second) = (stored_key_file(&folder), new_key_file(&folder, "second.key"));
    let old = RootKey::from_unsealed(Zeroizing::new(vec![0x44; 32])).unwrap();
    let mut set = stored_set(|json| json["seals"][0]["created"] = json!("2027"));
    set.enroll(&old, Unsealer::KeyFile(&second)).unwrap();
    let id = set.seals[0].id.clone();
    assert_eq!(set.unseal(Unsealer::KeyFile(&second)).unwrap().id(), old.id());
    assert_eq!(set.unseal(Unsealer::KeyFile(&stored)).err(), Some(UnsealError::Damaged { id: id.clone() }));
    // Nothing is sealed anew around a damaged one; it can be taken out.
    let new = RootKey::generate();
    assert_eq!(set.rewrap(&old, &new), Err(SealError::Damaged { id: id.clone() }));
    assert_eq!(set.root_key_id, old.id());
    set.remove(&id).unwrap();
    set.rewrap(&old, &new).unwrap();
    assert_eq!(set.unseal(Unsealer::KeyFile(&second)).unwrap().id(), new.id());
}

#[test]
fn parameters_outside_the_bounds_are_refused() {
    let changes: [(&str, Value); 7] = [
        ("memory_kib", json!(65_535)),
        ("memory_kib", json!(1_048_577)),
        ("passes", json!(2)),
        ("passes", json!(65)),
        ("lanes", json!(0)),
        ("lanes", json!(17)),
        ("salt", json!("AAAA")),
    ];
    for (member, value) in changes {
        let mut set = stored_set(|json| json["seals"][1][member] = value);
        // As somebody would who can write the store: with a checksum that fits.
        let root_key_id = set.root_key_id.clone();
        set.seals[1].fix_checksum(&root_key_id);
        let refused = set.unseal(Unsealer::Passphrase(&passphrase(WORDS))).err();
        assert!(matches!(refused, Some(UnsealError::Parameters { .. })), "{member}: {refused:?}");
    }
    // Stronger than the floor, but not what the seal was made with: bound in the envelope.
    let mut set = stored_set(|json| json["seals"][1]["passes"] = json!(4));
    let root_key_id = set.root_key_id.clone();
    set.seals[1].fix_checksum(&root_key_id);
    assert!(matches!(set.unseal(Unsealer::Passphrase(&passphrase(WORDS))), Err(UnsealError::WrongPassphrase { .. })));
}

#[test]
fn short_passphrases_are_not_enrolled() {
    let root = RootKey::generate();
    assert_eq!(
        SealSet::create(&root, Unsealer::Passphrase(&passphrase("seven77"))).err(),
        Some(SealError::PassphraseTooShort)
    );
}

#[test]
fn key_files_are_private_new_and_intact() {
    let folder = TempDir::new().unwrap();
    let path = new_key_file(&folder, "file.key");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(create_key_file(&path), Err(KeyFileError::Exists { path: path.clone() }));
    assert!(matches!(create_key_file(folder.path().join("no/where")), Err(KeyFileError::Io { .. })));
    let text = fs::read_to_string(&path).unwrap();
    let key = key_file::read(&path).unwrap();
    assert_eq!(text.lines().nth(1).unwrap(), hex::encode(key.expose()));
    assert_ne!(text, fs::read_to_string(new_key_file(&folder, "other.key")).unwrap());

    assert_eq!(key_file_exposed(&path), None);
    for mode in [0o640, 0o604, 0o602] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert!(key_file_exposed(&path).unwrap().contains("chmod 600"));
    }
    let missing = folder.path().join("missing.key");
    assert_eq!(key_file_exposed(&missing), None);
    assert!(matches!(key_file::read(&missing), Err(KeyFileError::Io { action: "read", .. })));
}

#[test]
fn mangled_key_files_are_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("file.key");
    let read = |text: &[u8]| {
        fs::write(&path, text).unwrap();
        key_file::read(&path).map(|key| key.expose().to_vec())
    };
    let expected: Vec<u8> = (0..32).collect();
    assert_eq!(read(KEY_FILE.as_bytes()).unwrap(), expected);
    assert_eq!(read(KEY_FILE.replace('\n', "\r\n").as_bytes()).unwrap(), expected);
    assert_eq!(read(format!("{KEY_FILE}\n \n").as_bytes()).unwrap(), expected);
    for at in 0..KEY_FILE.trim_end().len() {
        let mut text = KEY_FILE.as_bytes().to_vec();
        text[at] ^= 1;
        assert!(matches!(read(&text), Err(KeyFileError::Malformed { .. })), "byte {at}");
        assert!(matches!(read(&KEY_FILE.as_bytes()[..at]), Err(KeyFileError::Malformed { .. })), "length {at}");
    }
    assert!(matches!(read(&[0; 100_000]), Err(KeyFileError::Malformed { .. })));
    assert!(matches!(read(format!("{KEY_FILE}more\n").as_bytes()), Err(KeyFileError::Malformed { .. })));
}

#[test]
fn nothing_printed_tells_a_secret() {
    let folder = TempDir::new().unwrap();
    let set = stored_set(|_| ());
    let words = passphrase(WORDS);
    let root = [0x44; 32];
    let key: Vec<u8> = (0..32).collect();
    let path = stored_key_file(&folder);
    let mut printed = format!("{set:?} {:?} {:?}", Unsealer::Passphrase(&words), Unsealer::KeyFile(&path));
    printed += &format!("{:?}", set.unseal(Unsealer::KeyFile(&new_key_file(&folder, "x"))).err());
    printed += &serde_json::to_string(&set).unwrap();
    for secret in [&root[..], &key] {
        let decimal = format!("{secret:?}");
        for form in [hex::encode(secret), base64_simd::STANDARD.encode_to_string(secret), decimal] {
            assert!(!printed.contains(&form));
        }
    }
    assert!(!printed.contains(WORDS));
}
