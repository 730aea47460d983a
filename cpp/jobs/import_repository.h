#pragma once

#include "jobs/import.h"
#include "oci/manifest.h"
#include "oci/tag.h"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ocilot::jobs {

/// What the imports of all repositories work with.
struct ImportContext {
    DistributionTree const& tree;
    blob::BlobStore& blobs;
    meta::MetaStore& meta;
    ImportLimits limits;
    ImportWatcher& watcher;
    meta::Actor by;
    ImportCounts counts = {};

    /// Tells, and counts, what stays behind; in printable characters, since names on a disk may be any bytes.
    void skip(std::string_view repository, std::string_view subject, std::string_view why);
};

/// Takes over one repository: its blobs, then its manifests, each with its tags. Errors are those after which
/// nothing more can be recorded.
class RepositoryImport {
  public:
    RepositoryImport(ImportContext& all, oci::RepositoryName name) : all_(all), name_(std::move(name)) {}
    Task<Result<>> run();

  private:
    struct TagLink {
        oci::Tag tag;
        Time written;
    };

    void read_tags();
    /// Manifests that have their link among those of the layers, as registry 2.1.0 made them: those that a
    /// tag points to or has pointed to, and those that an index among the manifests lists.
    Task<Result<>> manifests_among_layers();
    void want(oci::Digest const& digest);
    Task<Result<>> layer(TreeLink const& link);
    Task<Result<>> revision(TreeLink const& link);
    Task<Result<>> content(oci::Manifest const& manifest, Time since);
    /// What keeps the blob from being held; empty if nothing does.
    Task<Result<std::string>> link_blob(oci::Digest const& digest, Time since);
    Task<Result<std::string>> problem_with(oci::Digest const& digest, std::uint64_t& size);
    Task<Result<std::string>> bytes_of(oci::Digest const& digest);
    Task<Result<std::vector<TagLink>>> tags_to_set(oci::Digest const& digest, std::vector<TagLink> tags);
    Task<Result<>> record(meta::NewManifest facts, std::vector<TagLink> tags);
    Task<Result<>> set_tags(meta::NewManifest facts, std::vector<TagLink> const& tags);
    Task<Result<>> set_one_by_one(meta::NewManifest facts);
    Result<> check_cancelled();
    void skip(std::string_view subject, std::string_view why) { all_.skip(name_.str(), subject, why); }

    ImportContext& all_;
    oci::RepositoryName name_;
    std::map<oci::Digest, std::vector<TagLink>> tags_ = {};  // By manifest, until it was taken.
    std::map<oci::Digest, Time> layers_ = {};                // Link files of the layers.
    std::set<oci::Digest> visited_ = {};                     // Manifests.
    std::vector<oci::Digest> wanted_ = {};                   // Manifests among the layers, not visited yet.
    std::set<oci::Digest> linked_ = {};
    std::set<oci::Digest> lacking_ = {};  // Told once, however many manifests need it.
};

}  // namespace ocilot::jobs
