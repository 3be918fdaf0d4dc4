//! keepwell
fn main() {}
