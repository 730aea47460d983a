#pragma once

#include "connection.h"
#include "schedule.h"
#include "tally.h"
#include "workload.h"

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace ocilot::load {

/// Drives all connections through a workload, on the calling thread.
class Engine {
  public:
    /// All arguments outlive it.
    Engine(Options const& options, Target const& target, Workload& workload, std::uint64_t seed);

    /// Opens every connection; throws std::runtime_error when one cannot be opened.
    void connect();
    /// Starts operations as the options ask and waits for the last answer. Those that have none when nothing
    /// has moved for half a minute are errors.
    void run();
    /// Holds the connections as they are until standard input ends; how many the server has closed by then.
    std::uint64_t hold();

    [[nodiscard]] Tally const& tally() const noexcept { return tally_; }
    /// run() ended before its time: every connection was lost, or answers did not come.
    [[nodiscard]] bool gave_up() const noexcept { return gave_up_; }
    /// What run() measured.
    [[nodiscard]] double seconds() const noexcept { return seconds_; }
    /// Processor seconds this thread took for that: close to seconds(), and the generator was the limit.
    [[nodiscard]] double cpu_seconds() const noexcept { return cpu_seconds_; }
    /// Connections the server closed between two operations and that were opened again.
    [[nodiscard]] std::uint64_t reconnects() const noexcept { return reconnects_; }

  private:
    using Event = Connection::Event;

    struct Slot {
        Slot(Poller& poller, Target const& target) : connection(poller, target, this) {}

        Connection connection;
        Operation operation;
        std::string asked;  // head of the request that was answered
        Nanos meant = 0;    // when the operation should have started
        bool connecting = false;
        bool busy = false;           // with an operation
        std::uint64_t received = 0;  // by all finished operations
        std::uint64_t before = 0;    // received during the warm-up
        Nanos last = 0;              // answer
    };

    void dispatch(Nanos longest);
    void drive(Slot& slot, Event event);
    Event connected(Slot& slot);
    Event answered(Slot& slot);
    Event broken(Slot& slot);
    Event reopen(Slot& slot);
    Event start_next(Slot& slot, Nanos now);
    Event begin(Slot& slot, Nanos meant, Nanos now);
    void finish(Slot& slot, Nanos now, bool succeeded, std::string_view reason);
    void release_arrivals(Nanos now);
    Nanos patience(Nanos now) const;
    bool over(Nanos now);
    void give_up(std::string_view reason);
    static std::uint64_t received(Slot const& slot);
    void measure_streams(Nanos now);

    Options const& options_;
    Target const& target_;
    Workload& workload_;
    Poller poller_;
    std::vector<std::unique_ptr<Slot>> slots_;
    std::deque<Slot*> idle_;  // of an open loop
    Schedule schedule_;
    Tally tally_;
    bool running_ = false;
    bool gave_up_ = false;
    bool streams_;
    std::size_t connected_ = 0;
    std::size_t lost_ = 0;
    std::size_t outstanding_ = 0;
    std::uint64_t reconnects_ = 0;
    Nanos progress_ = 0;
    Nanos last_answer_ = 0;
    double seconds_ = 0;
    double cpu_seconds_ = 0;
    std::uint64_t seed_;
    std::array<char, 64 * 1024> buffer_{};
};

}  // namespace ocilot::load
