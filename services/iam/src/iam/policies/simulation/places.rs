//! Where a statement stands in its policy, counted as AWS's simulator counts: from behind whatever the parser had read
//! before it to behind its closing brace. Recorded for single statements, the first of a list, and later ones.

use claviger_policy::StatementTrace;
use claviger_shapes::iam::Position;

/// Start and end of one of a policy's statements.
pub(super) fn span(text: &str, statements: &[StatementTrace], number: usize) -> Option<(Position, Position)> {
    let statement = statements.get(number)?;
    let end = at(statement.end.line, statement.end.column);
    let before = text.get(..statement.start.offset)?.trim_end();
    let start = match (before.chars().next_back(), number.checked_sub(1)) {
        (Some('['), _) => behind(before),
        (Some(','), Some(earlier)) => {
            let earlier = statements.get(earlier)?;
            at(earlier.end.line, earlier.end.column)
        }
        // A statement without a list: its own brace has been read.
        _ => at(statement.start.line, statement.start.column.saturating_add(1)),
    };
    Some((start, end))
}

/// The place behind the text.
fn behind(text: &str) -> Position {
    let line = text.matches('\n').count() + 1;
    let column = text.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    at(count(line), count(column))
}

fn at(line: u32, column: u32) -> Position {
    let number = |number: u32| Some(i32::try_from(number).unwrap_or(i32::MAX));
    Position { line: number(line), column: number(column) }
}
