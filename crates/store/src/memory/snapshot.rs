//! A memory store written down and read back: one JSON object a line, the head first.

use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, RwLock};

use serde::{Deserialize, Serialize};

use super::{Entry, Lease, MemoryStore, State};
use crate::{FEED_KEPT, Row, Space, StoreError, rules};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Head {
        revision: u64,
    },
    Space {
        name: String,
        retired: u64,
    },
    Record {
        space: String,
        id: String,
        version: u64,
        keys: Vec<(String, String)>,
        #[serde(with = "hex")]
        value: Vec<u8>,
    },
    Lease {
        name: String,
        holder: Option<String>,
        token: u64,
        until_ms: i64,
    },
    /// The last line, so that a cut file is told from a whole one.
    End {
        records: u64,
    },
}

fn unavailable(error: io::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

impl State {
    pub(super) fn write_to(&self, path: &Path) -> Result<(), StoreError> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(path);
        let mut out = BufWriter::new(file.map_err(unavailable)?);
        self.write_lines(&mut out)
            .and_then(|()| out.flush())
            .and_then(|()| out.get_ref().sync_all())
            .map_err(unavailable)
    }

    fn write_lines(&self, out: &mut impl Write) -> io::Result<()> {
        let mut line = |line: Line| -> io::Result<()> {
            serde_json::to_writer(&mut *out, &line)?;
            out.write_all(b"\n")
        };
        line(Line::Head { revision: self.revision })?;
        let mut records = 0;
        for (name, table) in &self.spaces {
            line(Line::Space { name: (*name).to_owned(), retired: table.retired })?;
            for Entry { row, keys } in table.rows.values() {
                records += 1;
                line(Line::Record {
                    space: (*name).to_owned(),
                    id: row.id.to_string(),
                    version: row.version,
                    keys: keys.iter().map(|(i, k)| ((*i).into(), k.clone())).collect(),
                    value: row.value.to_vec(),
                })?;
            }
        }
        for (name, lease) in &self.leases {
            line(Line::Lease {
                name: name.clone(),
                holder: lease.holder.clone(),
                token: lease.token,
                until_ms: lease.until_ms,
            })?;
        }
        line(Line::End { records })
    }

    fn read_line(&mut self, line: Line, spaces: &[&'static Space]) -> Result<Option<u64>, StoreError> {
        let declared = |name: &str| {
            let found = spaces.iter().find(|space| space.name == name);
            found.ok_or_else(|| StoreError::Damaged(format!("unknown space {name:?}")))
        };
        match line {
            Line::Head { revision } => {
                self.revision = revision;
                // The feed itself is not part of a snapshot.
                self.feed_from = revision;
            }
            Line::Space { name, retired } => {
                let table = self.spaces.entry(declared(&name)?.name).or_default();
                table.retired = retired;
            }
            Line::Record { space, id, version, keys, value } => {
                let space = *declared(&space)?;
                let mut declared_keys = Vec::with_capacity(keys.len());
                for (index, key) in keys {
                    rules::check_index(space, &index)?;
                    let index = space.indexes.iter().find(|name| **name == index);
                    declared_keys.extend(index.map(|index| (*index, key)));
                }
                let row = Row { id: Arc::from(id), version, value: Arc::from(value) };
                self.spaces.entry(space.name).or_default().insert(Entry { row, keys: declared_keys });
            }
            Line::Lease { name, holder, token, until_ms } => {
                let lease = Lease { holder, token, until_ms };
                self.leases.insert(name, lease);
            }
            Line::End { records } => return Ok(Some(records)),
        }
        Ok(None)
    }
}

impl MemoryStore {
    /// Reads a snapshot of a memory store back. The change feed begins anew behind it.
    pub fn restore(path: &Path, spaces: &[&'static Space]) -> Result<Arc<Self>, StoreError> {
        let file = OpenOptions::new().read(true).open(path).map_err(unavailable)?;
        let mut state = State::default();
        let mut promised = None;
        for line in BufReader::new(file).lines() {
            let line = serde_json::from_str(&line.map_err(unavailable)?)
                .map_err(|_| StoreError::Damaged("a line of the snapshot is unreadable".into()))?;
            promised = state.read_line(line, spaces)?;
        }
        let records: usize = state.spaces.values().map(|table| table.rows.len()).sum();
        let mut versions = state.spaces.values().flat_map(|table| table.rows.values().map(|entry| entry.row.version));
        if promised != Some(records as u64) || versions.any(|version| version > state.revision) {
            return Err(StoreError::Damaged("the snapshot is incomplete".into()));
        }
        Ok(Arc::new(Self { state: RwLock::new(state), feed_kept: FEED_KEPT }))
    }
}
