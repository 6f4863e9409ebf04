//! `sql/` is embedded in the binary. `include_dir!` notices changed files by itself, but not new or removed ones.

fn main() {
    println!("cargo::rerun-if-changed=../sql");
}
