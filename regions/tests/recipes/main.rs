//! What recipes promise. One file per recipe, one for what they refuse.

mod brain;
mod braincog;
mod corticocortical;
mod errors;
mod microcircuit;
