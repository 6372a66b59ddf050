//! The names under which files keep the parts of a connectome.

/// What an array, key or column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Strength of tracts.
    Weights,
    /// Lengths of tracts in mm.
    Lengths,
    /// Region labels.
    Labels,
    /// Region centres in mm.
    Centres,
    /// Functional connectivity.
    Functional,
    /// Surface of regions in mm2.
    Areas,
    /// Volume of regions in mm3.
    Volumes,
    /// 1 for cortex.
    Cortical,
    /// 1 for right.
    Hemispheres,
    /// Fraction of supragranular projecting neurons.
    Sln,
    /// Where a tract starts.
    Source,
    /// Where a tract ends.
    Target,
}

const NAMES: &[(Role, &[&str])] = &[
    (
        Role::Weights,
        &[
            "weights",
            "weight",
            "w",
            "sc",
            "connectivity",
            "connect",
            "connectome",
            "adjacency",
            "strength",
            "streamlines",
            "count",
            "counts",
            "number_of_fibers",
            "synapses",
            "n_syn",
            "syn_count",
            "fln",
            "cm",
            "cij",
            "sij",
        ],
    ),
    (
        Role::Lengths,
        &[
            "lengths",
            "length",
            "tract_lengths",
            "tract_length",
            "len",
            "lens",
            "distance",
            "distances",
            "distance_mm",
            "length_mm",
            "dist",
            "fiber_length_mean",
        ],
    ),
    (Role::Labels, &["labels", "label", "region_labels", "region_label", "regions", "region", "names", "name", "parcels", "id", "dn_name"]),
    (Role::Centres, &["centres", "centers", "positions", "coordinates", "coords", "xyz", "centroids"]),
    (Role::Functional, &["functional", "fc", "functional_connectivity"]),
    (Role::Areas, &["areas", "area"]),
    (Role::Volumes, &["volumes", "volume", "volume_mm3"]),
    (Role::Cortical, &["cortical", "cortex"]),
    (Role::Hemispheres, &["hemispheres", "hemisphere", "hemi", "dn_hemisphere"]),
    (Role::Sln, &["sln"]),
    (Role::Source, &["source", "src", "from", "pre", "source_id", "source_label", "presynaptic", "source_region"]),
    (Role::Target, &["target", "dst", "tgt", "to", "post", "target_id", "target_label", "postsynaptic", "target_region"]),
];

/// What a name usually stands for; case, blanks and `-` do not matter.
pub(crate) fn role(name: &str) -> Option<Role> {
    let plain = name.trim().to_lowercase().replace([' ', '-'], "_");
    NAMES.iter().find(|(_, names)| names.contains(&plain.as_str())).map(|(role, _)| *role)
}
