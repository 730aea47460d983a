#pragma once

#include "jobs/stepping_store.h"
#include "meta/store.h"

#include <optional>
#include <utility>

namespace ocilot::test {

/// The review queue of a store, that stops at each step, so that something else can come in between.
class SteppingCollection final : public meta::Collection {
  public:
    SteppingCollection(meta::Collection& queue, Step step) : queue_(queue), step_(std::move(step)) {}

    Task<Result<>> enqueue(std::vector<meta::Candidate> candidates, meta::CollectionPlace place) override {
        co_await step_("before enqueue");
        if (auto const why = std::exchange(refusal_, std::nullopt)) co_return *why;
        co_return co_await queue_.enqueue(std::move(candidates), std::move(place));
    }
    Task<Result<std::optional<meta::CollectionPlace>>> place() override { return queue_.place(); }
    Task<Result<std::vector<meta::Candidate>>> due(meta::ReviewCutoffs cutoffs, std::size_t limit) override {
        auto found = co_await queue_.due(cutoffs, limit);
        co_await step_("after due");
        co_return found;
    }
    Task<Result<meta::Reviewed>> review(oci::RepositoryName const& repository,
                                        std::vector<oci::Digest> candidates,
                                        meta::ReviewCutoffs cutoffs) override {
        auto reviewed = co_await queue_.review(repository, std::move(candidates), cutoffs);
        co_await step_("after review");
        co_return reviewed;
    }
    Task<Result<>> lift(oci::RepositoryName const& repository, std::vector<oci::Digest> condemned,
                        Time now) override {
        co_await step_("before lift");
        co_return co_await queue_.lift(repository, std::move(condemned), now);
    }
    Task<Result<meta::Purged>> purge(oci::RepositoryName const& repository, std::vector<oci::Digest> digests,
                                     meta::ReviewCutoffs cutoffs, Time now) override {
        co_await step_("before purge");
        auto purged = co_await queue_.purge(repository, std::move(digests), cutoffs, now);
        co_await step_("after purge");
        co_return purged;
    }
    Task<Result<std::vector<oci::Digest>>> unheld(std::vector<oci::Digest> digests) override {
        co_await step_("before unheld, stopped");
        auto found = co_await queue_.unheld(std::move(digests));
        co_await step_("after unheld, stopped");
        co_return found;
    }
    Task<Result<>> settle(std::vector<meta::Candidate> bytes, std::vector<meta::Candidate> again) override {
        co_await step_("before settle");
        co_return co_await queue_.settle(std::move(bytes), std::move(again));
    }
    Task<Result<meta::Restored>> restore(meta::RestoreRequest request, meta::Actor by, Time now) override {
        return queue_.restore(std::move(request), std::move(by), now);
    }
    Task<Result<meta::FoundPiece>> find(std::string from, std::size_t rows, Time now) override {
        co_await step_("before find");
        co_return co_await queue_.find(std::move(from), rows, now);
    }
    [[nodiscard]] meta::Releases& releases() noexcept override { return queue_.releases(); }
    [[nodiscard]] meta::ContentReport& report() noexcept override { return queue_.report(); }

    /// The next enqueue answers this, and stores nothing.
    void refuse_enqueue(Error why) { refusal_ = std::move(why); }

  private:
    meta::Collection& queue_;
    Step step_;
    std::optional<Error> refusal_;
};

/// The metadata with such a queue.
class SteppingMeta final : public meta::MetaStore {
  public:
    SteppingMeta(meta::MetaStore& store, Step step)
        : store_(store), collection_(store.collection(), std::move(step)) {}
    void refuse_enqueue(Error why) { collection_.refuse_enqueue(std::move(why)); }

    [[nodiscard]] meta::Catalog& catalog() noexcept override { return store_.catalog(); }
    [[nodiscard]] meta::Links& links() noexcept override { return store_.links(); }
    [[nodiscard]] meta::Uploads& uploads() noexcept override { return store_.uploads(); }
    [[nodiscard]] meta::Audit& audit() noexcept override { return store_.audit(); }
    [[nodiscard]] meta::ScrubFacts& scrub() noexcept override { return store_.scrub(); }
    [[nodiscard]] meta::Accounts& accounts() noexcept override { return store_.accounts(); }
    [[nodiscard]] meta::Tokens& tokens() noexcept override { return store_.tokens(); }
    [[nodiscard]] meta::Keys& keys() noexcept override { return store_.keys(); }
    [[nodiscard]] meta::Journal& journal() noexcept override { return store_.journal(); }
    [[nodiscard]] meta::Leases& leases() noexcept override { return store_.leases(); }
    [[nodiscard]] meta::JobPlaces& places() noexcept override { return store_.places(); }
    [[nodiscard]] meta::Collection& collection() noexcept override { return collection_; }
    [[nodiscard]] meta::Retention& retention() noexcept override { return store_.retention(); }
    [[nodiscard]] meta::RetentionPolicies& retention_policies() noexcept override {
        return store_.retention_policies();
    }
    [[nodiscard]] meta::Pulls& pulls() noexcept override { return store_.pulls(); }
    [[nodiscard]] meta::Consumers& consumers() noexcept override { return store_.consumers(); }
    Task<Result<>> check() override { return store_.check(); }

  private:
    meta::MetaStore& store_;
    SteppingCollection collection_;
};

}  // namespace ocilot::test
