#include "auth/turns.h"

#include "run.h"

#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <gmock/gmock.h>
#include <string>
#include <vector>

using namespace ocilot;
using namespace ocilot::test;
using auth::Turns;
using ::testing::ElementsAre;

namespace {

Task<> take_turn(Turns& turns, std::string key, std::string name, std::vector<std::string>& seen) {
    auto const turn = co_await turns.take(std::move(key));
    seen.push_back(name + (turn.waited() ? " waited" : " begins"));
    // Everybody else who can goes on first.
    co_await asio::post(co_await asio::this_coro::executor, use_task);
    co_await asio::post(co_await asio::this_coro::executor, use_task);
    seen.push_back(name + " ends");
}

}  // namespace

TEST(Turns, OneAfterTheOtherInOrder) {
    Turns turns;
    std::vector<std::string> seen;
    asio::io_context context(1);
    for (auto const* const name : {"a", "b", "c"}) {
        asio::co_spawn(context.get_executor(), take_turn(turns, "same", name, seen), asio::detached);
    }
    context.run();
    EXPECT_THAT(seen, ElementsAre("a begins", "a ends", "b waited", "b ends", "c waited", "c ends"));
}

TEST(Turns, NobodyWaitsForAnotherKey) {
    Turns turns;
    std::vector<std::string> seen;
    asio::io_context context(1);
    asio::co_spawn(context.get_executor(), take_turn(turns, "one", "a", seen), asio::detached);
    asio::co_spawn(context.get_executor(), take_turn(turns, "other", "b", seen), asio::detached);
    context.run();
    EXPECT_THAT(seen, ElementsAre("a begins", "b begins", "a ends", "b ends"));
    run(take_turn(turns, "one", "c", seen));
    EXPECT_EQ(seen.at(4), "c begins") << "a key that nobody holds is free again";
}
