#pragma once

#include "blob/storage.h"

#include <functional>
#include <string_view>

namespace ocilot::test {

/// Called before and after a step that a push and the scrub can meet at.
using Step = std::function<Task<>(std::string_view step)>;

/// A store that stops at each step, so that something else can come in between.
class SteppingStore final : public blob::Storage {
  public:
    SteppingStore(blob::Storage& store, Step step) : store_(store), step_(std::move(step)) {}

    Task<Result<std::unique_ptr<blob::Upload>>> create(Uuid id, oci::Algorithm algorithm) override {
        CO_TRY(auto upload, co_await store_.create(id, algorithm));
        std::unique_ptr<blob::Upload> stepping = std::make_unique<SteppingUpload>(std::move(upload), step_);
        co_return stepping;
    }
    Task<Result<std::unique_ptr<blob::Upload>>> resume(Uuid id, oci::Algorithm algorithm,
                                                       std::string state) override {
        return store_.resume(id, algorithm, std::move(state));
    }
    Task<Result<std::vector<Uuid>>> uploads() override { return store_.uploads(); }
    Task<Result<>> discard(Uuid id) override { return store_.discard(id); }
    Task<Result<>> put(oci::Digest const& digest, std::span<std::byte const> bytes) override {
        co_await step_("before put");
        auto const done = co_await store_.put(digest, bytes);
        co_await step_("after put");
        co_return done;
    }
    Task<Result<std::uint64_t>> stat(oci::Digest const& digest) override { return store_.stat(digest); }
    Task<Result<std::unique_ptr<blob::Blob>>> open(oci::Digest const& digest) override {
        return store_.open(digest);
    }
    Task<Result<>> remove(oci::Digest const& digest) override { return store_.remove(digest); }
    Task<Result<blob::RemovedBlobs>> remove_all(std::vector<oci::Digest> digests) override {
        co_await step_("before remove_all, stopped");
        auto removed = co_await store_.remove_all(std::move(digests));
        co_await step_("after remove_all, stopped");
        co_return removed;
    }
    Task<Result<blob::Listing>> list(std::optional<oci::Digest> after, std::size_t limit) override {
        return store_.list(after, limit);
    }
    Task<Result<std::unique_ptr<blob::Blob>>> inspect(oci::Digest const& digest) override {
        co_await step_("before inspect");
        auto blob = co_await store_.inspect(digest);
        co_await step_("after inspect");
        co_return blob;
    }
    Task<Result<>> quarantine(oci::Digest const& digest) override {
        co_await step_("before quarantine");
        auto const done = co_await store_.quarantine(digest);
        co_await step_("after quarantine");
        co_return done;
    }
    Task<Result<>> check() override { return store_.check(); }

  private:
    class SteppingUpload final : public blob::Upload {
      public:
        SteppingUpload(std::unique_ptr<blob::Upload> upload, Step const& step)
            : upload_(std::move(upload)), step_(step) {}
        [[nodiscard]] std::uint64_t size() const noexcept override { return upload_->size(); }
        Task<Result<>> append(std::span<std::byte const> bytes) override { return upload_->append(bytes); }
        void set_savepoint() override { upload_->set_savepoint(); }
        Task<Result<>> roll_back() override { return upload_->roll_back(); }
        Task<Result<oci::Digest>> digest(oci::Algorithm algorithm) override {
            return upload_->digest(algorithm);
        }
        Task<Result<>> commit(oci::Digest const& digest) override {
            co_await step_("before commit");
            auto const done = co_await upload_->commit(digest);
            co_await step_("after commit");
            co_return done;
        }
        Task<Result<>> discard() override { return upload_->discard(); }
        void park() noexcept override { upload_->park(); }
        [[nodiscard]] std::string state() const override { return upload_->state(); }
        Task<Result<>> sync() override { return upload_->sync(); }

      private:
        std::unique_ptr<blob::Upload> upload_;
        Step const& step_;
    };

    blob::Storage& store_;
    Step step_;
};

}  // namespace ocilot::test
