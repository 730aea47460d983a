#include "base/log.h"
#include "hookbox/hook_box.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <chrono>
#include <fmt/format.h>
#include <pybind11/pybind11.h>
#include <unistd.h>

namespace py = pybind11;
using namespace ocilot;

namespace {

/// What authorizes in a server, without the server: one I/O thread on which many requests wait for hooks.
class Askers {
  public:
    Askers() {
        constexpr std::chrono::seconds deadline{5};
        std::array const points{hookbox::HookPoint{hookbox::Topic::authorize, deadline}};
        box_.gate.set_points(points);
    }

    hookbox::HookBox& box() { return box_; }
    void close() { box_.mailbox.close(); }

    /// Seconds that `questions` took, `together` at a time; each about another repository.
    double ask(unsigned questions, unsigned together) {
        left_ = questions;
        wrong_ = 0;
        asio::io_context context(1);
        for (unsigned i = 0; i < together; ++i) {
            asio::co_spawn(context.get_executor(), chain(), asio::detached);
        }
        auto const began = std::chrono::steady_clock::now();
        context.run();
        std::chrono::duration<double> const took = std::chrono::steady_clock::now() - began;
        if (wrong_ > 0) throw std::runtime_error(fmt::format("{} questions were not allowed", wrong_));
        return took.count();
    }

  private:
    Task<> chain() {
        while (left_ > 0) {
            auto const number = left_--;
            policy::Access const access{
                oci::RepositoryName::parse(fmt::format("team/app-{}", number)).value(), policy::Action::pull};
            auto const decided = co_await box_.gate.authorize(ann_, access);
            bool const allowed = decided.has_value() && decided->has_value() && (*decided)->allowed;
            if (!allowed) ++wrong_;
        }
    }

    SystemClock clock_;
    FdSink sink_{STDERR_FILENO};
    Log log_{sink_, clock_, LogFormat::text, LogLevel::warn};
    Metrics metrics_;
    hookbox::HookBox box_{metrics_, log_};
    policy::Caller ann_{
        .name = "ann", .groups = {"team", "ops"}, .address = "192.0.2.1", .kind = policy::CallerKind::user};
    unsigned left_ = 0;
    unsigned wrong_ = 0;
};

}  // namespace

PYBIND11_MODULE(_askers, module) {
    module.doc() = "Asks hooks as a server's I/O thread does. ocilot._core has to be imported first.";
    py::class_<Askers>(module, "Askers")
        .def(py::init<>())
        .def_property_readonly("box", &Askers::box, py::return_value_policy::reference_internal)
        .def("ask", &Askers::ask, py::call_guard<py::gil_scoped_release>())
        .def("close", &Askers::close, py::call_guard<py::gil_scoped_release>());
}
