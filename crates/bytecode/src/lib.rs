//! Op table.
