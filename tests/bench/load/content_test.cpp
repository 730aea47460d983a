#include "content.h"

#include "scripted_server.h"

#include <gtest/gtest.h>
#include <set>
#include <stdexcept>

using namespace ocilot::load;

namespace {

/// What goes over the wire when every write takes at most `step` bytes.
std::string written(Request& request, std::size_t step) {
    std::string out;
    std::array<iovec, 3> room{};
    while (!request.all_written()) {
        std::string turn;
        for (auto const& piece : request.pieces(room)) {
            turn.append(static_cast<char const*>(piece.iov_base), piece.iov_len);
        }
        turn.resize(std::min(turn.size(), step));
        request.wrote(turn.size());
        out += turn;
    }
    return out;
}

}  // namespace

TEST(Content, ABlobIsWhatItsDigestSaysInWhateverPiecesItIsWritten) {
    for (std::uint64_t const size : {16U, 17U, 40U, 4096U, 8U * 1024 * 1024 + 16, 20U * 1024 * 1024 + 7}) {
        Content content(size, 1);
        Blob blob;
        content.next(blob);
        for (std::size_t const step : {std::size_t{100'003}, std::size_t{1} << 30U}) {
            Request request;
            request.head = "HEAD";
            request.body = content.body(blob);
            auto const bytes = written(request, step);
            ASSERT_EQ(bytes.size(), size + 4);
            EXPECT_EQ(sha256(std::string_view(bytes).substr(4)), blob.digest) << size;
        }
    }
}

TEST(Content, NoTwoBlobsAreTheSame) {
    std::set<std::string> digests;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        Content content(100, seed);
        Blob blob;
        for (int i = 0; i < 100; ++i) {
            content.next(blob);
            digests.insert(blob.digest);
        }
    }
    EXPECT_EQ(digests.size(), 300U);
}

TEST(Content, TooSmallABlobIsRefused) {
    EXPECT_THROW(Content(15, 1), std::runtime_error);
}
