#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "oci/digest.h"
#include "oci/name.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace ocilot::jobs {

/// A link file: what it is for, the digest in it, and when it was written.
struct TreeLink {
    std::string name;  ///< the tag, or the digest that the path spells
    oci::Digest target;
    Time written;
};

/// Told of what is there and cannot be read: whose it is, its path from there, and why.
using UnreadableHandler =
    std::function<void(std::string const& repository, std::string const& subject, std::string const& why)>;

/// The repositories in a data directory of CNCF distribution, any version, to be read only:
///   docker/registry/v2/repositories/<name>/_layers/<algorithm>/<hex>/link
///   docker/registry/v2/repositories/<name>/_manifests/revisions/<algorithm>/<hex>/link
///   docker/registry/v2/repositories/<name>/_manifests/tags/<tag>/current/link
///   docker/registry/v2/repositories/<name>/_manifests/tags/<tag>/index/<algorithm>/<hex>/link
/// Symbolic links are followed, but for those that lead back to where they are. Calls block. What is not
/// there is empty; what should be one of the above and cannot be read is told, and passed over.
class DistributionTree {
  public:
    /// `root` is the one of its configuration (`storage.filesystem.rootdirectory`).
    DistributionTree(std::filesystem::path const& root, UnreadableHandler on_unreadable);

    /// Whether there are any repositories.
    [[nodiscard]] bool exists() const;
    /// All of them, in byte order. io if the directory cannot be read.
    [[nodiscard]] Result<std::vector<oci::RepositoryName>> repositories() const;
    [[nodiscard]] std::vector<TreeLink> layers(oci::RepositoryName const& repository) const;
    /// The manifests that were not deleted: a deleted one leaves a directory without a link file.
    [[nodiscard]] std::vector<TreeLink> revisions(oci::RepositoryName const& repository) const;
    [[nodiscard]] std::vector<TreeLink> tags(oci::RepositoryName const& repository) const;
    /// Every digest that a tag has ever pointed to, as the names of directories tell.
    [[nodiscard]] std::vector<oci::Digest> earlier_targets(oci::RepositoryName const& repository) const;

  private:
    [[nodiscard]] std::vector<TreeLink> digests(oci::RepositoryName const& repository,
                                                std::filesystem::path const& under) const;
    [[nodiscard]] std::vector<std::string> names_in(oci::RepositoryName const& repository,
                                                    std::filesystem::path const& under) const;
    void read(oci::RepositoryName const& repository, std::filesystem::path const& link, std::string name,
              std::vector<TreeLink>& links) const;

    std::filesystem::path directory_;
    UnreadableHandler on_unreadable_;
};

}  // namespace ocilot::jobs
