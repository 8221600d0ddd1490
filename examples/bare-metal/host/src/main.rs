//! The firmware's program on the machine that builds it: what the others must print.
#![forbid(unsafe_code)]

use keyviz_bare_program::load;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut memory = load::Memory::new();
    let mut writer = memory.claim(&load::SHARED, 0)?;
    let recorder = load::SHARED.recorder().ok_or("no recorder for the interrupt")?;
    let mut out = String::new();
    keyviz_bare_program::run(&mut writer, || keyviz_bare_program::on_interrupt(&recorder), &mut out)?;
    print!("{out}");
    Ok(())
}
