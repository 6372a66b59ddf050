//! Compound documents (Microsoft, "[MS-CFB]"), the container of `.xls`: streams in sectors that a table chains together.
//!
//! A chain may have no more sectors than the file, so a damaged one ends in an error and does not run in circles.

/// How a compound document begins.
pub(crate) const MAGIC: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
const END_OF_CHAIN: u32 = 0xFFFF_FFFE;
/// Sector numbers from here on are marks.
const FIRST_MARK: u32 = 0xFFFF_FFFA;
const MINI_SECTOR: usize = 64;
const ENTRY: usize = 128;
/// Where the header lists the first sectors of the table.
const FIRST_TABLE_SECTORS: std::ops::Range<usize> = 76..512;

/// An open compound document.
pub(super) struct Compound<'a> {
    bytes: &'a [u8],
    sector_size: usize,
    /// The sector after each sector.
    next: Vec<u32>,
    /// Streams smaller than this lie in mini sectors.
    cutoff: usize,
    next_mini: Vec<u32>,
    mini_sectors: Vec<u8>,
    entries: Vec<Entry>,
}

/// A stream in the directory.
struct Entry {
    name: String,
    start: u32,
    size: usize,
}

impl<'a> Compound<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, String> {
        if bytes.len() < FIRST_TABLE_SECTORS.end || !bytes.starts_with(MAGIC) {
            return Err(format!("{} bytes without the header of a compound document", bytes.len()));
        }
        let sector_size = match u16_at(bytes, 30) {
            9 => 512,
            12 => 4096,
            shift => return Err(format!("a sector shift of {shift}, expected 9 or 12")),
        };
        let cutoff = u32_at(bytes, 56) as usize;
        let mut document =
            Compound { bytes, sector_size, next: Vec::new(), cutoff, next_mini: Vec::new(), mini_sectors: Vec::new(), entries: Vec::new() };
        document.next = document.table()?;
        document.entries = document.directory(u32_at(bytes, 48))?;
        let root = document.entries.first().ok_or("an empty directory")?;
        if u32_at(bytes, 64) > 0 {
            document.mini_sectors = document.chained(root.start, root.size)?;
            document.next_mini = numbers(&document.chained(u32_at(bytes, 60), usize::MAX)?).collect();
        }
        Ok(document)
    }

    /// The content of the first stream that has one of these names.
    pub(super) fn stream(&self, names: &[&str]) -> Result<Vec<u8>, String> {
        let named = |e: &&Entry| names.iter().any(|n| e.name.eq_ignore_ascii_case(n));
        let entry = self.entries.iter().find(named).ok_or_else(|| format!("no stream {}", names.join(" or ")))?;
        if entry.size >= self.cutoff {
            return self.chained(entry.start, entry.size);
        }
        let sectors = self.mini_sectors.chunks(MINI_SECTOR).collect::<Vec<_>>();
        let sector = |id: u32| sectors.get(id as usize).copied();
        follow(entry.start, &self.next_mini, sectors.len(), sector, entry.size)
    }

    fn n_sectors(&self) -> usize {
        self.bytes.len().div_ceil(self.sector_size)
    }

    /// The header fills the room of one sector. The last sector may be cut short.
    fn sector(&self, id: u32) -> Option<&'a [u8]> {
        let start = (id as usize).checked_add(1)?.checked_mul(self.sector_size)?;
        self.bytes.get(start..self.bytes.len().min(start.checked_add(self.sector_size)?))
    }

    fn chained(&self, start: u32, size: usize) -> Result<Vec<u8>, String> {
        follow(start, &self.next, self.n_sectors(), |id| self.sector(id), size)
    }

    /// The table of all chains: its first sectors are listed in the header, the others in sectors of their own.
    fn table(&self) -> Result<Vec<u32>, String> {
        let mut listed: Vec<u32> = numbers(&self.bytes[FIRST_TABLE_SECTORS]).collect();
        let mut list = u32_at(self.bytes, 68);
        for _ in 0..self.n_sectors() {
            if list >= FIRST_MARK {
                break;
            }
            let sector = self.sector(list).ok_or_else(|| outside(list))?;
            listed.extend(numbers(sector));
            list = listed.pop().ok_or_else(|| outside(list))?;
        }
        let mut table = Vec::new();
        for id in listed.into_iter().filter(|id| *id < FIRST_MARK).take(self.n_sectors()) {
            table.extend(numbers(self.sector(id).ok_or_else(|| outside(id))?));
        }
        Ok(table)
    }

    fn directory(&self, start: u32) -> Result<Vec<Entry>, String> {
        let bytes = self.chained(start, usize::MAX)?;
        let entry = |e: &[u8]| {
            let letters = e[..64].chunks_exact(2).map(|c| u16_at(c, 0)).take_while(|c| *c != 0).collect::<Vec<_>>();
            Entry { name: String::from_utf16_lossy(&letters), start: u32_at(e, 116), size: u32_at(e, 120) as usize }
        };
        Ok(bytes.chunks_exact(ENTRY).map(entry).collect())
    }
}

/// Up to `size` bytes of the sectors of a chain that has at most `most` of them.
fn follow<'s>(start: u32, next: &[u32], most: usize, sector: impl Fn(u32) -> Option<&'s [u8]>, size: usize) -> Result<Vec<u8>, String> {
    let (mut bytes, mut id) = (Vec::new(), start);
    for _ in 0..=most {
        if id == END_OF_CHAIN || bytes.len() >= size {
            bytes.truncate(size);
            return Ok(bytes);
        }
        bytes.extend_from_slice(sector(id).ok_or_else(|| outside(id))?);
        id = *next.get(id as usize).ok_or_else(|| outside(id))?;
    }
    Err("a chain of sectors that runs in circles".into())
}

fn outside(id: u32) -> String {
    format!("sector {id} lies outside of the file")
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.chunks_exact(4).map(|c| u32_at(c, 0))
}

/// A number of two bytes. The caller knows that they are there.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

/// A number of four bytes. The caller knows that they are there.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
