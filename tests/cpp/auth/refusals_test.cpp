#include "auth/refusals.h"

#include "run.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace ocilot::auth {
namespace {

struct Still final : Clock {
    [[nodiscard]] Time now() const override { return Time(std::chrono::seconds(1'700'000'000)); }
};

/// Keeps what it is given.
class Book final : public meta::Journal {
  public:
    std::vector<meta::Change> written;
    Task<Result<>> append(std::vector<meta::Change> changes) override {
        for (auto& change : changes) written.push_back(std::move(change));
        co_return Result<>{};
    }
    Task<Result<meta::ChangePage>> entries(meta::JournalQuery) override {
        co_return meta::ChangePage{written, false};
    }
    Task<Result<meta::ChangePage>> after(std::int64_t, std::size_t) override {
        co_return meta::ChangePage{written, false};
    }
    Task<Result<std::vector<std::string>>> repositories_after(std::int64_t, std::int64_t) override {
        co_return std::vector<std::string>{};
    }
    Task<Result<std::int64_t>> last() override { co_return 0; }
    Task<Result<std::size_t>> prune_before(Time, std::int64_t, std::size_t) override {
        co_return std::size_t{0};
    }
    meta::CommitSignal& committed() noexcept override { return signal; }
    meta::CommitSignal signal;
};

class Refused : public testing::Test {
  protected:
    policy::Caller somebody(std::string name) {
        policy::Caller caller;
        caller.name = std::move(name);
        caller.kind = policy::CallerKind::user;
        caller.address = "192.0.2.1";
        return caller;
    }
    std::size_t flush() { return ocilot::test::run(refusals.flush()).value(); }

    Still clock;
    Metrics metrics;
    Book book;
    Refusals refusals{book, clock, metrics};
};

TEST_F(Refused, EqualOnesAreOneEntry) {
    for (int i = 0; i < 7; ++i)
        refusals.note(meta::ChangeKind::access, somebody("bob"), "team/app", "", "rule 2");
    refusals.note(meta::ChangeKind::access, somebody("eve"), "team/app", "", "rule 2");
    EXPECT_EQ(flush(), 2U);
    ASSERT_EQ(book.written.size(), 2U);
    EXPECT_EQ(book.written[0].times + book.written[1].times, 8U);
    EXPECT_TRUE(book.written[0].refused);
    EXPECT_EQ(book.written[0].at, clock.now());
    EXPECT_EQ(flush(), 0U) << "each is written once";
}

TEST_F(Refused, OfOneAddressDoNotFillTheJournal) {
    for (int i = 0; i < 500; ++i)
        refusals.note(meta::ChangeKind::login, somebody("user" + std::to_string(i)), "", "", "wrong");
    for (int i = 0; i < 500; ++i)
        refusals.note(meta::ChangeKind::access, somebody("bob"), "r" + std::to_string(i), "", "no");
    EXPECT_EQ(flush(), Refusals::max_per_address + 2);
    std::uint64_t times = 0;
    for (auto const& entry : book.written) times += entry.times;
    EXPECT_EQ(times, 1000U) << "all are counted";
    auto const others = std::ranges::find(book.written, meta::ChangeKind::access, &meta::Change::kind);
    ASSERT_NE(others, book.written.end());
    EXPECT_EQ(others->by.name, "bob") << "a name that was proved stays";
    for (int i = 0; i < 5; ++i)
        refusals.note(meta::ChangeKind::login, somebody("user" + std::to_string(i)), "", "", "wrong");
    EXPECT_EQ(flush(), 5U) << "the next second counts anew";
}

TEST_F(Refused, WhatAClientMadeUpIsCut) {
    std::string const very_long(5000, 'x');
    refusals.note(meta::ChangeKind::admit, somebody(very_long), "team/app", very_long, very_long);
    meta::Change exceeded{.kind = meta::ChangeKind::quota_exceed};
    exceeded.by.name = very_long;
    exceeded.text = very_long;
    refusals.note(std::move(exceeded));
    EXPECT_EQ(flush(), 2U);
    ASSERT_EQ(book.written.size(), 2U);
    for (auto const& entry : book.written) {
        EXPECT_EQ(entry.by.name.size(), 256U) << to_string(entry.kind);
        EXPECT_LE(entry.name.size(), 256U) << to_string(entry.kind);
        EXPECT_EQ(entry.text.size(), 512U) << to_string(entry.kind);
    }
}

TEST_F(Refused, OnesThatAreTooManyAreCounted) {
    for (std::size_t i = 0; i < Refusals::max_entries + 5; ++i) {
        auto one = somebody("user" + std::to_string(i));
        one.address = "192.0.2." + std::to_string(i);
        refusals.note(meta::ChangeKind::login, one, "", "", "wrong");
    }
    EXPECT_EQ(flush(), Refusals::max_entries);
    EXPECT_NE(metrics.text().find("ocilot_journal_dropped_total 5"), std::string::npos);
}

}  // namespace
}  // namespace ocilot::auth
