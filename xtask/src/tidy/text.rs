//! Rules on the text of our own files: length, leftovers, and names of somebody's machine.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::sh;

/// More lines than this are not read in one sitting.
const LINES_MAX: usize = 700;

/// In a file's first lines: written by `cargo xtask model`, so no person reads it top to bottom.
const GENERATED: &str = "@generated";

/// Endings of the files that people write and read here.
const WRITTEN: [&str; 9] = [".rs", ".py", ".mjs", ".sh", ".toml", ".md", ".yml", ".yaml", "/run"];

/// Endings of the files whose length matters; a long document is no defect.
const MEASURED: [&str; 4] = [".rs", ".py", ".mjs", ".sh"];

/// Unfinished work. Split in two so that this file does not find itself.
const LEFTOVERS: [&str; 4] =
    [concat!("to", "do!"), concat!("unimple", "mented!"), concat!("FIX", "ME"), concat!("XX", "X:")];

/// Folders of the machine something was written on. Split for the same reason.
const MACHINE_PATHS: [&str; 5] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/tm", "p/"),
    concat!("../sha", "red"),
];

/// Every breach in the files that git knows or would add.
pub(crate) fn breaches() -> Result<Vec<String>> {
    let output = sh::command("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()
        .context("cannot run git")?;
    ensure!(output.status.success(), "git ls-files failed");
    let names = String::from_utf8(output.stdout).context("a file name is not UTF-8")?;
    let mut breaches = Vec::new();
    for name in names.split('\0').filter(|name| WRITTEN.iter().any(|end| name.ends_with(end))) {
        // Listed but deleted in the work tree: nothing to check.
        if let Ok(content) = fs::read_to_string(sh::root().join(name)) {
            breaches.extend(in_file(name, &content));
        }
    }
    Ok(breaches)
}

fn in_file(name: &str, content: &str) -> Vec<String> {
    let mut breaches = Vec::new();
    let generated = content.lines().take(5).any(|line| line.contains(GENERATED));
    let lines = content.lines().count();
    if !generated && lines > LINES_MAX && MEASURED.iter().any(|end| name.ends_with(end)) {
        breaches.push(format!("{name}: {lines} lines; at most {LINES_MAX}"));
    }
    for (index, line) in content.lines().enumerate() {
        let number = index + 1;
        for word in LEFTOVERS.iter().filter(|word| line.contains(*word)) {
            breaches.push(format!("{name}:{number}: unfinished ({word})"));
        }
        for path in MACHINE_PATHS.iter().filter(|path| line.contains(*path)) {
            breaches.push(format!("{name}:{number}: names a folder of one machine ({path})"));
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_are_refused_unless_generated() {
        let long = "line\n".repeat(LINES_MAX + 1);
        assert_eq!(in_file("a.rs", &long).len(), 1);
        assert!(in_file("a.rs", &"line\n".repeat(LINES_MAX)).is_empty());
        assert!(in_file("a.rs", &format!("// {GENERATED}\n{long}")).is_empty());
        assert!(in_file("a.md", &long).is_empty());
    }

    #[test]
    fn leftovers_and_machine_paths_are_named_with_their_line() {
        let found = in_file("a.rs", &format!("fine\n{}()\n{}x", LEFTOVERS[0], MACHINE_PATHS[0]));
        assert_eq!(found.len(), 2);
        assert!(found[0].starts_with("a.rs:2:"));
        assert!(found[1].starts_with("a.rs:3:"));
    }
}
