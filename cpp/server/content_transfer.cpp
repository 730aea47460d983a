#include "server/content_transfer.h"

#include <string>

namespace ocilot::server {

namespace {

using blob::Transferred;
using jobs::Finding;

constexpr std::size_t content_at_once = 1000;

jobs::Problem problem_of(Transferred outcome, oci::Digest const& digest) {
    switch (outcome) {
        case Transferred::wrong_size:
            return {Finding::wrong_size, digest.str(), {}, "the file has another size than recorded"};
        case Transferred::wrong_digest:
            return {Finding::wrong_digest, digest.str(), {}, "the bytes have another digest"};
        case Transferred::unreadable:
            return {Finding::unreadable, digest.str(), {}, "the disk does not return the bytes"};
        default:
            return {Finding::missing_bytes, digest.str(), {}, "the file is missing"};
    }
}

}  // namespace

Result<> ContentTransfer::run(meta::SqliteSnapshot& snapshot, Missing const& missing) {
    counts_.blobs = counts_.bytes = 0;
    problems_.clear();
    std::string after;
    for (;;) {
        TRY(auto const page, snapshot.content(after, content_at_once));
        if (page.empty()) return {};
        for (auto const& content : page) {
            CHECK(step());
            CHECK(bring(snapshot, content, missing));
        }
        after = page.back().digest;
    }
}

Result<> ContentTransfer::bring(meta::SqliteSnapshot& snapshot, meta::NamedContent const& content,
                                Missing const& missing) {
    auto const digest = oci::Digest::parse(content.digest);
    if (digest.has_error()) {
        problems_.push_back({Finding::bad_fact, content.digest, {}, "the record is damaged"});
        return {};
    }
    TRY(auto outcome, blobs_.bring(*digest, content.size));
    if (outcome == Transferred::missing) {
        TRY(outcome, missing(*digest, content.size));
    }
    switch (outcome) {
        case Transferred::present:
            break;
        case Transferred::linked:
            ++counts_.linked;
            break;
        case Transferred::copied:
            ++counts_.copied;
            counts_.copied_bytes += content.size;
            break;
        default:
            return note_problem(snapshot, *digest, outcome);
    }
    ++counts_.blobs;
    counts_.bytes += content.size;
    return {};
}

Result<> ContentTransfer::note_problem(meta::SqliteSnapshot& snapshot, oci::Digest const& digest,
                                       Transferred outcome) {
    TRY(bool const quarantined, snapshot.is_quarantined(digest));
    auto problem = problem_of(outcome, digest);
    if (quarantined) {
        problem.finding = Finding::quarantined;
        problem.message = "quarantined because of wrong bytes";
    }
    problems_.push_back(std::move(problem));
    return {};
}

void ContentTransfer::report() {
    counts_.errors = problems_.size();
    for (auto const& problem : problems_) watcher_.found(problem);
}

Result<> ContentTransfer::check_cancelled() {
    if (watcher_.should_continue()) return {};
    return Error{Errc::cancelled, "cancelled before it was complete"};
}

Result<> ContentTransfer::step() {
    if (timer_.is_due()) watcher_.progress(counts_);
    return check_cancelled();
}

}  // namespace ocilot::server
