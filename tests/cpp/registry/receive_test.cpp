#include "registry/receive.h"

#include "fixture.h"

#include <algorithm>
#include <vector>

using namespace ocilot;
using namespace ocilot::test;

namespace {

/// Says how much it was asked for at once.
class Asked final : public registry::ByteSource {
  public:
    explicit Asked(std::string text) : text_(std::move(text)) {}
    Task<Result<std::size_t>> read(std::span<std::byte> out) override {
        most = std::max(most, out.size());
        auto const count = std::min(out.size(), text_.size() - done_);
        std::ranges::copy(std::as_bytes(std::span(text_)).subspan(done_, count), out.begin());
        done_ += count;
        co_return count;
    }
    std::size_t most = 0;

  private:
    std::string text_;
    std::size_t done_ = 0;
};

class Receive : public RegistryTest {
  protected:
    /// Receives a megabyte while all but `free` bytes of the budget are taken.
    Result<> receive_with(std::size_t free) {
        MemoryBudget::Reservation others(&budget);
        EXPECT_TRUE(others.reserve(budget.limit() - free).has_value());
        auto const upload =
            test::run(parts.blobs.create(Uuid::random(parts.random), oci::Algorithm::sha256)).value();
        std::atomic<std::uint64_t> offset{0};
        auto received =
            test::run(registry::receive(*upload, {source, std::nullopt, std::nullopt}, offset, &budget));
        size = upload->size();
        return received;
    }
    Metrics numbers;
    MemoryBudget budget{1 << 20, numbers, "uploads"};
    Asked source{std::string(1 << 20, 'x')};
    std::uint64_t size = 0;
};

}  // namespace

TEST_F(Receive, TakesItsBufferFromTheBudgetAndGivesItBack) {
    EXPECT_TRUE(receive_with(1 << 20).has_value());
    EXPECT_EQ(source.most, 256U * 1024);
    EXPECT_EQ(size, 1U << 20);
    EXPECT_EQ(budget.used(), 0U);
}

TEST_F(Receive, GoesOnInSmallerPiecesWhereThereIsLittleMemory) {
    EXPECT_TRUE(receive_with(20 * 1024).has_value());
    EXPECT_EQ(source.most, 16U * 1024);
    EXPECT_EQ(size, 1U << 20);
}

TEST_F(Receive, IsUnavailableWithoutMemoryBeforeAnythingIsRead) {
    auto const refused = receive_with(1000);
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().code, Errc::unavailable);
    EXPECT_GE(refused.error().retry_after, 1U);
    EXPECT_EQ(source.most, 0U);
}
