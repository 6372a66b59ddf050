//! Numbers that are taken out of longer rows and put back, nearly always so many as the compiler knows.
//!
//! The usual number is a copy in registers. Any other is a call of its own, lest the compiler make one call of both, with the length as an argument.

/// `values`, then zeros.
#[inline(always)]
pub(crate) fn load<const N: usize>(values: &[f32]) -> [f32; N] {
    match values.first_chunk() {
        Some(all) => *all,
        None => load_few(values),
    }
}

#[cold]
#[inline(never)]
fn load_few<const N: usize>(values: &[f32]) -> [f32; N] {
    let mut chunk = [0.0; N];
    chunk[..values.len()].copy_from_slice(values);
    chunk
}

/// As many as there is room for.
#[inline(always)]
pub(crate) fn store<const N: usize>(chunk: &[f32; N], values: &mut [f32]) {
    match values.first_chunk_mut() {
        Some(all) => *all = *chunk,
        None => store_few(chunk, values),
    }
}

#[cold]
#[inline(never)]
fn store_few(chunk: &[f32], values: &mut [f32]) {
    values.copy_from_slice(&chunk[..values.len()]);
}
