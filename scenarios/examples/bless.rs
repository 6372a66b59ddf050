//! throw-away
fn main() {
    for path in std::env::args().skip(1) {
        match scenarios::Scenario::load(&path).and_then(|s| s.plan()) {
            Ok(_) => println!("{path}\t-1\tOK"),
            Err(e) => println!("{path}\t{}\t{}", e.line().unwrap_or(0), e.message()),
        }
    }
}
