#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "meta/facts.h"
#include "meta/repository_list.h"
#include "meta/tag_list.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ocilot::meta {

/// A name under which a repository is pulled beside its own.
struct RepositoryAlias {
    std::string name;
    std::string target;  ///< a repository, which may have been deleted since
    Time created_at{};
};

struct RepositoryRename {
    oci::RepositoryName from;
    oci::RepositoryName to;
    bool keep_alias = false;  ///< whether `from` becomes an alias of `to`
};

/// Repositories as an operator manages them: whole, each change in one durable transaction, however large.
/// Whether a repository or an alias is there is mutable (see MetaStore). Thread-safe; Tasks may come from any
/// I/O context.
///
/// An alias is for reads: whoever looks for a repository that is not there asks for `alias`, and decides
/// whether the caller may read the target. No repository has the name of an alias: a write that would make
/// one fails with `denied`.
///
/// Upload sessions belong to a name, and an upload makes no repository: those in progress continue when a
/// repository is deleted or renamed. What they finish is in a repository of the old name, as for any push to
/// it afterwards; it is refused as a push (`denied`) where the old name is an alias.
class RepositoryAdmin {
  public:
    virtual ~RepositoryAdmin() = default;

    /// Repositories whose names begin with `prefix`, also those that hold blobs and no manifest. A page may
    /// be shorter than its limit: it ends where much was counted.
    virtual Task<Result<Slice<RepositorySummary>>> list(std::string prefix, Page page) = 0;
    /// All repositories in another order: that of the last `rank`, so that it stays while pushes come. Each
    /// order has an index, as for `tags`. What a row says of a repository is true at the moment of the read.
    virtual Task<Result<RepositoryRows>> sorted(RepositoryQuery query) = 0;
    /// Looks at the sizes and pushes of these for `sorted`, which no push does: a row that every push writes
    /// would make pushes wait for each other. Answers how many have another place now.
    virtual Task<Result<std::size_t>> rank(std::vector<std::string> names) = 0;
    /// name_unknown.
    virtual Task<Result<RepositorySummary>> find(oci::RepositoryName const& repository) = 0;

    /// Tags of a repository with their images, also of those that are quarantined; name_unknown. A page costs
    /// the same wherever it starts and however many tags there are: each order has an index, and a page may
    /// be shorter than its limit, or empty, where few names match and much was looked at.
    virtual Task<Result<TagRows>> tags(oci::RepositoryName const& repository, TagQuery query) = 0;

    /// Removes all tags, manifests and links. They can be restored until the garbage collection purges them,
    /// as what a client deletes. Answers what was removed; name_unknown. Aliases of the name stay, its rows
    /// in plans of retention do not.
    virtual Task<Result<RepositorySummary>> remove(oci::RepositoryName const& repository, Actor by,
                                                   Time now) = 0;
    /// Gives a repository another name: the histories of its tags, what can be restored, what is to be
    /// collected, its rows in plans of retention, and its aliases go with it. The log of changes is not
    /// rewritten. name_unknown; conflict if `to` is a repository, or an alias of another one: an alias of
    /// `from` gives way.
    virtual Task<Result<RepositorySummary>> rename(RepositoryRename what, Actor by, Time now) = 0;

    /// False if there is no alias at all, so that nothing has to be asked.
    [[nodiscard]] virtual bool has_aliases() const noexcept = 0;
    /// The repository that a name is an alias of; nullopt if it is none.
    virtual Task<Result<std::optional<oci::RepositoryName>>> alias(oci::RepositoryName const& name) = 0;
    /// All aliases, by name.
    virtual Task<Result<Slice<RepositoryAlias>>> aliases(Page page) = 0;
    /// Makes `name` an alias of `target`, whatever it was an alias of before. name_unknown if there is no
    /// such repository; conflict if `name` is one.
    virtual Task<Result<>> set_alias(oci::RepositoryName const& name, oci::RepositoryName const& target,
                                     Actor by, Time now) = 0;
    /// not_found.
    virtual Task<Result<>> remove_alias(oci::RepositoryName const& name, Actor by, Time now) = 0;
};

}  // namespace ocilot::meta
