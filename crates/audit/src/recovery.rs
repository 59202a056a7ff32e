//! Opening a log: finding its end, and dealing with an end that is damaged.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use claviger_crypto::digest::Sha256;

use crate::chain::{Head, Header, Line, Linker, genesis};
use crate::engine::Engine;
use crate::error::OpenError;
use crate::files::{Disk, LOCK, Lines, Lock, LogFile, list, private, remove_unnamed, sync_folder};
use crate::log::Options;
use crate::marker::{Mismatch, Note, TailCut};
use crate::writer::{Writer, create};

/// An opened log, and what was wrong with its end. The log by then notes that too.
pub(crate) struct Opened {
    pub(crate) engine: Engine,
    pub(crate) cuts: Vec<TailCut>,
    pub(crate) mismatch: Option<Mismatch>,
}

/// Opens or begins a log.
pub(crate) fn open(disk: Box<dyn Disk>, dir: &Path, node: &str, options: Options) -> Result<Opened, OpenError> {
    fs::create_dir_all(dir).map_err(OpenError::io("make the folder", dir))?;
    let lock = lock(dir)?;
    remove_unnamed(dir).map_err(OpenError::io("tidy", dir))?;
    let mut files = list(dir).map_err(OpenError::io("list", dir))?;
    let mut cuts = Vec::new();
    let mut headless = Vec::new();
    let mut end = None;
    while let Some(file) = files.pop() {
        let found = find_end(&file, node, &options.store)?;
        if let Some(damage) = &found.damage {
            let cut =
                keep_evidence(&file, &found, damage).map_err(OpenError::io("save the damaged end of", &file.path))?;
            cuts.push(cut);
        }
        if let Some(head) = found.head {
            end = Some((file, found.len, head));
            break;
        }
        headless.push(file);
    }
    let set_aside = |cuts: &[TailCut]| {
        for (file, cut) in headless.iter().zip(cuts) {
            let name = cut.kept_as.as_deref().unwrap_or_default();
            fs::rename(&file.path, dir.join(name)).map_err(OpenError::io("set aside", &file.path))?;
        }
        sync_folder(dir).map_err(OpenError::io("sync", dir))
    };
    let begun = end.is_none();
    let writer = match end {
        Some((file, len, head)) => {
            let open = OpenOptions::new().read(true).write(true).open(&file.path);
            let open = open.and_then(|open| open.sync_all().map(|()| open));
            Writer::resume(open.map_err(OpenError::io("open", &file.path))?, file.first, len, head)
        }
        None => {
            set_aside(&cuts)?;
            let head = genesis(node, &options.store);
            let header = Header::new(node, &options.store, &head);
            let (file, len) = create(&*disk, dir, &header, true).map_err(OpenError::io("begin a log in", dir))?;
            Writer::resume(file, header.first, len, head)
        }
    };
    let mismatch = mismatch(node, &options, &writer.written.head);
    let engine = Engine::new(dir.to_owned(), node, options, disk, writer, lock);
    let notes = cuts.iter().cloned().map(Note::TailCut).chain(mismatch.clone().map(Note::NotAsAnchored));
    engine.begin(notes)?;
    if !begun {
        set_aside(&cuts)?;
    }
    Ok(Opened { engine, cuts, mismatch })
}

fn mismatch(node: &str, options: &Options, end: &Head) -> Option<Mismatch> {
    let anchor = options.last_anchor.as_ref()?;
    let of_this_log = anchor.node == node && anchor.store == options.store;
    (of_this_log && !anchor.allows_end(end)).then(|| Mismatch {
        anchored_sequence: anchor.sequence,
        anchored_hash: hex::encode(anchor.hash),
        closed: anchor.closed,
        found_sequence: end.sequence,
        found_hash: hex::encode(end.hash),
    })
}

fn lock(dir: &Path) -> Result<Lock, OpenError> {
    let path = dir.join(LOCK);
    Lock::take(&path).map_err(|error| match error {
        TryLockError::WouldBlock => OpenError::InUse(dir.to_owned()),
        TryLockError::Error(error) => OpenError::io("lock", &path)(error),
    })
}

/// How far a file is good.
struct End {
    /// Bytes up to the end of the last good line.
    len: u64,
    /// The last good record, or what came before the file; none when not even the first line is good.
    head: Option<Head>,
    damage: Option<Damage>,
}

/// What stands after the last good line.
struct Damage {
    bytes: u64,
    sha256: [u8; 32],
    /// Well-formed records in it.
    records: u64,
    /// It is the beginning of one record and nothing else.
    is_torn_record: bool,
}

fn find_end(file: &LogFile, node: &str, store: &str) -> Result<End, OpenError> {
    let unreadable = || OpenError::io("read", &file.path);
    let mut lines = Lines::open(&file.path).map_err(unreadable())?;
    let header =
        lines.next().map_err(unreadable())?.filter(|line| line.ended).and_then(|line| Header::parse(line.bytes));
    let mut len = 0;
    let mut head = None;
    if let Some(header) = header.filter(|header| header.first == file.first) {
        if header.node != node || header.store != store {
            return Err(OpenError::Foreign {
                file: file.path.clone(),
                node: node.to_owned(),
                store: store.to_owned(),
                found_node: header.node,
                found_store: header.store,
            });
        }
        let mut linker = Linker::default();
        let mut last = header.before();
        len = lines.offset;
        while let Some(line) =
            lines.next().map_err(unreadable())?.filter(|line| line.ended).and_then(|line| Line::parse(line.bytes))
            && line.sequence == last.sequence + 1
            && line.previous == last.hash
            && line.is_consistent(&mut linker)
        {
            last = line.head();
            len = lines.offset;
        }
        head = Some(last);
    }
    let damage = inspect(&file.path, len).map_err(unreadable())?;
    Ok(End { len, head, damage })
}

/// Looks at what stands after `len`; room made in advance, which is line breaks only, is no damage. A file without a
/// good line is damaged even if it is empty.
fn inspect(path: &Path, len: u64) -> io::Result<Option<Damage>> {
    let mut linker = Linker::default();
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(len))?;
    let mut lines = Lines::over(file);
    let (mut bytes, mut records, mut whole_lines) = (0, 0, 0_u64);
    while let Some(line) = lines.next()? {
        if line.bytes.is_empty() {
            continue;
        }
        let parsed = Line::parse(line.bytes).filter(|_| line.ended);
        whole_lines += u64::from(parsed.is_some());
        records += u64::from(parsed.is_some_and(|line| line.is_consistent(&mut linker)));
        let end = u64::from(line.ended);
        bytes = lines.offset - end;
    }
    if bytes == 0 && len > 0 {
        return Ok(None);
    }
    let mut sha256 = Sha256::new();
    let mut first_line = true;
    let mut rest = bytes;
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(len))?;
    let mut buffer = vec![0; 64 * 1024];
    while rest > 0 {
        let wanted = buffer.len().min(usize::try_from(rest).unwrap_or(usize::MAX));
        file.read_exact(&mut buffer[..wanted])?;
        sha256.update(&buffer[..wanted]);
        first_line &= !buffer[..wanted].contains(&b'\n');
        rest -= wanted as u64;
    }
    let is_torn_record = len > 0 && first_line && whole_lines == 0;
    Ok(Some(Damage { bytes, sha256: sha256.finish(), records, is_torn_record }))
}

/// Saves what is about to be cut off, unless it is a piece of one record. A file without a good line is to be renamed.
fn keep_evidence(file: &LogFile, end: &End, damage: &Damage) -> io::Result<TailCut> {
    let sequence = end.head.map_or(file.first, |head| head.sequence + 1);
    let kept_as = if damage.is_torn_record { None } else { Some(free_name(file, sequence)?) };
    if let Some(name) = &kept_as
        && end.head.is_some()
    {
        copy_end(file, end.len, damage.bytes, name)?;
    }
    Ok(TailCut {
        file: file.name.clone(),
        sequence,
        cut_bytes: damage.bytes,
        cut_records: damage.records,
        cut_sha256: hex::encode(damage.sha256),
        kept_as,
    })
}

fn free_name(file: &LogFile, sequence: u64) -> io::Result<String> {
    for number in 1_u32.. {
        let name = format!("{}.cut-{sequence:020}-{number}", file.name);
        if !file.path.with_file_name(&name).try_exists()? {
            return Ok(name);
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn copy_end(file: &LogFile, from: u64, bytes: u64, name: &str) -> io::Result<()> {
    let mut source = File::open(&file.path)?;
    source.seek(SeekFrom::Start(from))?;
    let mut target = private(&mut OpenOptions::new()).create_new(true).open(file.path.with_file_name(name))?;
    io::copy(&mut source.take(bytes), &mut target)?;
    target.flush()?;
    target.sync_all()
}
