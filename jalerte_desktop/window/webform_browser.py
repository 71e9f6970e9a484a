"""The page that holds the form: a private profile that keeps nothing, and a page that stays where the form is."""

from __future__ import annotations

from importlib.resources import files

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWebEngineCore import (
    QWebEngineCertificateError,
    QWebEngineDownloadRequest,
    QWebEngineLoadingInfo,
    QWebEngineNewWindowRequest,
    QWebEnginePage,
    QWebEnginePermission,
    QWebEngineProfile,
    QWebEngineScript,
    QWebEngineSettings,
    QWebEngineUrlRequestInfo,
    QWebEngineUrlRequestInterceptor,
)

from diagnostics.model import Problem

WORLD = QWebEngineScript.ScriptWorldId.ApplicationWorld
"""Where our script runs: it shares the page's elements, and no script of the page's can see it."""
_READS = (b"GET", b"HEAD", b"OPTIONS")
_ABORTED = -3
_OFF = (
    QWebEngineSettings.WebAttribute.PluginsEnabled,
    QWebEngineSettings.WebAttribute.PdfViewerEnabled,
    QWebEngineSettings.WebAttribute.JavascriptCanOpenWindows,
    QWebEngineSettings.WebAttribute.JavascriptCanAccessClipboard,
    QWebEngineSettings.WebAttribute.LocalContentCanAccessRemoteUrls,
    QWebEngineSettings.WebAttribute.HyperlinkAuditingEnabled,
    QWebEngineSettings.WebAttribute.DnsPrefetchEnabled,
    QWebEngineSettings.WebAttribute.ScreenCaptureEnabled,
    QWebEngineSettings.WebAttribute.WebRTCPublicInterfacesOnly,
    QWebEngineSettings.WebAttribute.ErrorPageEnabled,
)


def origin(url: QUrl) -> tuple[str, str, int]:
    scheme = url.scheme().lower()
    return scheme, url.host().lower(), url.port({"http": 80, "https": 443}.get(scheme, -1))


class _Guard(QWebEngineUrlRequestInterceptor):
    """What the form's page sends, into a frame too, goes to the form's own site. (Redirects of scripts' requests are
    seen here too late: the policy in webform_page.js stops them.)"""

    def __init__(self, home: QUrl) -> None:
        super().__init__()
        self._home = origin(home)

    def interceptRequest(self, info: QWebEngineUrlRequestInfo) -> None:  # noqa: N802 - Qt's name
        if info.requestMethod().data() in _READS or origin(info.requestUrl()) == self._home:
            return
        # A captcha's own frame may talk to its own site.
        if origin(info.initiator()) == self._home:
            info.block(True)


class PrivateProfile(QWebEngineProfile):
    """Off the record: cookies, cache and all else are gone with the window."""

    def __init__(self, home: QUrl) -> None:
        # Without a name a profile keeps nothing on the disk.
        super().__init__()
        self.setHttpCacheType(QWebEngineProfile.HttpCacheType.MemoryHttpCache)
        self.setPersistentCookiesPolicy(QWebEngineProfile.PersistentCookiesPolicy.NoPersistentCookies)
        self.setPersistentPermissionsPolicy(QWebEngineProfile.PersistentPermissionsPolicy.AskEveryTime)
        self.setHttpAcceptLanguage("fr-FR,fr;q=0.9")
        self.setSpellCheckEnabled(False)
        self.setPushServiceEnabled(False)
        self.downloadRequested.connect(_refuse_download)
        self._guard = _Guard(home)
        self.setUrlRequestInterceptor(self._guard)
        self.scripts().insert(_script(("webform_watch.js",), QWebEngineScript.ScriptWorldId.MainWorld))
        self.scripts().insert(_script(("webform_names.js", "webform_page.js", "webform_acts.js"), WORLD))


def _refuse_download(request: QWebEngineDownloadRequest) -> None:
    request.cancel()


def _script(names: tuple[str, ...], world: QWebEngineScript.ScriptWorldId) -> QWebEngineScript:
    """One script of these files: each builds on those before it."""
    here = files("jalerte_desktop.window")
    script = QWebEngineScript()
    script.setName(names[-1])
    script.setInjectionPoint(QWebEngineScript.InjectionPoint.DocumentCreation)
    script.setWorldId(world)
    script.setRunsOnSubFrames(False)
    script.setSourceCode("\n".join((here / name).read_text("utf-8") for name in names))
    return script


class FormPage(QWebEnginePage):
    """Stays on the form's site. ``refused`` names an address it did not go to, ``broke`` carries the problem of a page
    that did not come. With ``attended`` links elsewhere open in the person's own browser, and dialogs are shown."""

    refused = Signal(QUrl)
    broke = Signal(object)

    def __init__(self, profile: QWebEngineProfile, home: QUrl, attended: bool) -> None:
        super().__init__(profile)
        self._home = home
        self._attended = attended
        self._certificate = ""
        for attribute in _OFF:
            wanted = attribute is QWebEngineSettings.WebAttribute.WebRTCPublicInterfacesOnly
            self.settings().setAttribute(attribute, wanted)
        self.certificateError.connect(self._reject)
        self.permissionRequested.connect(_deny)
        self.fullScreenRequested.connect(lambda request: request.reject())
        self.fileSystemAccessRequested.connect(lambda request: request.reject())
        self.registerProtocolHandlerRequested.connect(lambda request: request.reject())
        self.newWindowRequested.connect(self._window)
        self.loadingChanged.connect(self._loading)
        self.renderProcessTerminated.connect(lambda *_: self.broke.emit(Problem("webform_crashed")))

    def acceptNavigationRequest(self, url: QUrl | str, kind, is_main_frame: bool) -> bool:  # noqa: N802 - Qt's name
        url = QUrl(url)
        if not is_main_frame:
            return url.scheme() in ("http", "https", "about", "blob", "data")
        if origin(url) == origin(self._home) or url.toString() == "about:blank":
            return True
        if self._attended and kind is QWebEnginePage.NavigationType.NavigationTypeLinkClicked:
            self._open_outside(url)
        else:
            self.refused.emit(url)
        return False

    def javaScriptConsoleMessage(self, *_: object) -> None:  # noqa: N802 - Qt's name
        """What pages tell their makers may hold what the person typed: it is printed nowhere."""

    def javaScriptAlert(self, frame: QUrl | str, text: str) -> None:  # noqa: N802 - Qt's name
        if self._attended:
            super().javaScriptAlert(frame, text)

    def javaScriptConfirm(self, frame: QUrl | str, text: str) -> bool:  # noqa: N802 - Qt's name
        return self._attended and super().javaScriptConfirm(frame, text)

    def javaScriptPrompt(self, *_: object):  # noqa: N802 - Qt's name
        return False, ""

    def _reject(self, error: QWebEngineCertificateError) -> None:
        error.rejectCertificate()
        if error.isMainFrame():
            self._certificate = error.description()

    def _window(self, request: QWebEngineNewWindowRequest) -> None:
        """No second window; what the person asked for opens in their browser."""
        if request.isUserInitiated():
            self._open_outside(request.requestedUrl())

    def _open_outside(self, url: QUrl) -> None:
        if self._attended and url.scheme() in ("http", "https"):
            QDesktopServices.openUrl(url)

    def _loading(self, info: QWebEngineLoadingInfo) -> None:
        came = info.status() is not QWebEngineLoadingInfo.LoadStatus.LoadFailedStatus
        # A page that says in words what went wrong is read like any other.
        words = info.errorDomain() is QWebEngineLoadingInfo.ErrorDomain.HttpStatusCodeDomain
        if came or words or info.errorCode() == _ABORTED:
            return
        if self._certificate:
            self.broke.emit(Problem("webform_certificate", host=info.url().host(), why=self._certificate))
        else:
            self.broke.emit(Problem("webform_unreachable", url=_plain(info.url()), why=info.errorString()))


def _plain(url: QUrl) -> str:
    """Without what a session put behind it."""
    return url.toString().partition("#")[0].partition("?")[0]


def _deny(permission: QWebEnginePermission) -> None:
    permission.deny()
