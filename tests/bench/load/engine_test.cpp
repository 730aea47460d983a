#include "engine.h"

#include "scripted_server.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <memory>
#include <set>

using namespace ocilot::load;

namespace {

constexpr auto fine = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// A workload against a script.
class EngineTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "load-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        directory = pattern;
        options.targets = directory + "/targets";
        std::ofstream(options.targets) << "/v2/a/manifests/1\n";
        options.workload = "get";
        options.requests = 10;
        options.seed = 1;
    }

    void TearDown() override { std::filesystem::remove_all(directory); }

    Tally const& run(ScriptedServer const& server) {
        options.port = server.port();
        target = std::make_unique<Target>(options.host, options.port, false);
        workload = make_workload(options, 1);
        engine = std::make_unique<Engine>(options, *target, *workload, 1);
        engine->connect();
        engine->run();
        return engine->tally();
    }

    /// Before the server waits for its clients to go.
    void hang_up() { engine.reset(); }

    Options options;
    std::string directory;
    std::unique_ptr<Target> target;
    std::unique_ptr<Workload> workload;
    std::unique_ptr<Engine> engine;
};

}  // namespace

TEST_F(EngineTest, EveryAnswerIsCountedOnce) {
    ScriptedServer const server([](std::size_t, Asked const&) { return Said{fine}; });
    options.connections = 3;
    options.requests = 100;
    auto const& tally = run(server);
    EXPECT_EQ(tally.requests(), 100U);
    EXPECT_EQ(tally.errors(), 0U);
    EXPECT_EQ(tally.bytes(), 500U);
    EXPECT_EQ(engine->reconnects(), 0U);
    hang_up();
}

TEST_F(EngineTest, AWrongStatusAShortBodyAndABrokenConnectionAreErrors) {
    ScriptedServer const server([](std::size_t number, Asked const&) -> Said {
        if (number == 0) return {"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"};
        if (number == 2) return {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", true};
        if (number == 4) return {"", true};
        if (number == 6) return {"HTTP/1.1 200 OK\r\n\r\nhello"};
        return {fine};
    });
    auto const& tally = run(server);
    EXPECT_EQ(tally.requests(), 6U);
    EXPECT_EQ(tally.errors(), 4U);
    EXPECT_EQ(tally.reason(), "GET /v2/a/manifests/1 was answered with 503");
    EXPECT_EQ(engine->reconnects(), 3U);
    hang_up();
}

TEST_F(EngineTest, AServerMayCloseAfterAnAnswerThatSaysSo) {
    ScriptedServer const server([](std::size_t, Asked const&) -> Said {
        return {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", true};
    });
    auto const& tally = run(server);
    EXPECT_EQ(tally.requests(), 10U);
    EXPECT_EQ(tally.errors(), 0U);
    hang_up();
}

TEST_F(EngineTest, AServerThatGoesAwayEndsTheRun) {
    auto server = std::make_unique<ScriptedServer>([](std::size_t, Asked const&) { return Said{fine}; });
    options.port = server->port();
    target = std::make_unique<Target>(options.host, options.port, false);
    workload = make_workload(options, 1);
    engine = std::make_unique<Engine>(options, *target, *workload, 1);
    engine->connect();
    server->hang_up();
    engine->run();
    EXPECT_TRUE(engine->gave_up());
    EXPECT_EQ(engine->tally().requests(), 0U);
    EXPECT_GE(engine->tally().errors(), 1U);
}

TEST_F(EngineTest, LargeBodiesAreCountedThoughNobodyReadsThem) {
    std::string const body(3'000'000, 'x');
    ScriptedServer const server([&](std::size_t, Asked const&) -> Said {
        return {"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + body};
    });
    EXPECT_EQ(run(server).bytes(), 30'000'000U);
    hang_up();
}

TEST_F(EngineTest, AnOpenLoopAsksAsOftenAsItWasTold) {
    ScriptedServer const server([](std::size_t, Asked const&) { return Said{fine}; });
    options.rate = 2'000;
    options.requests = 50;
    options.connections = 2;
    EXPECT_EQ(run(server).requests(), 50U);
    hang_up();
}

TEST_F(EngineTest, APushSendsWhatItsDigestSaysInEveryWay) {
    for (std::string const way : {"push", "push-monolithic", "push-big"}) {
        std::set<std::string> digests;
        std::string patched;
        ScriptedServer const server([&](std::size_t, Asked const& asked) -> Said {
            auto const digest = asked.line.find("digest=");
            if (asked.line.starts_with("PATCH")) patched = asked.body;
            if (digest == std::string::npos) {
                return {
                    "HTTP/1.1 202 Accepted\r\nLocation: http://h:1/v2/r/blobs/uploads/1?s=2\r\n"
                    "Content-Length: 0\r\n\r\n"};
            }
            auto const& body = asked.body.empty() ? patched : asked.body;
            bool const right = body.size() == 300'000 && asked.line.substr(digest + 7) == sha256(body);
            digests.insert(asked.line.substr(digest));
            return {right ? "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
                          : "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n"};
        });
        options.workload = way;
        options.size = 300'000;
        auto const& tally = run(server);
        EXPECT_EQ(tally.requests(), 10U) << way;
        EXPECT_EQ(tally.errors(), 0U) << way << ": " << tally.reason();
        EXPECT_EQ(tally.bytes(), 3'000'000U);
        EXPECT_EQ(digests.size(), 10U);
        hang_up();
    }
}

TEST_F(EngineTest, EveryMountIsANewOne) {
    std::ofstream(options.targets) << "sha256:aa a\nsha256:bb a/b\n";
    options.workload = "mount";
    options.repository = "to";
    options.run = 0x2a;
    std::vector<std::string> lines;
    ScriptedServer const server([&](std::size_t, Asked const& asked) -> Said {
        lines.push_back(asked.line);
        return {"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"};
    });
    options.requests = 3;
    EXPECT_EQ(run(server).requests(), 3U);
    EXPECT_EQ(lines, (std::vector<std::string>{"POST /v2/to-2a-1/blobs/uploads/?mount=sha256:aa&from=a",
                                               "POST /v2/to-2a-1/blobs/uploads/?mount=sha256:bb&from=a/b",
                                               "POST /v2/to-2a-2/blobs/uploads/?mount=sha256:aa&from=a"}));
    hang_up();
}
