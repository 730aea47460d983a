#pragma once

namespace ocilot {

/// The client that waits for the answer to a request: work for one that has left can end.
class WaitingClient {
  public:
    virtual ~WaitingClient() = default;
    /// Whether it has closed its side of the connection. Asks the kernel and does not wait.
    [[nodiscard]] virtual bool has_disconnected() const = 0;
};

}  // namespace ocilot
