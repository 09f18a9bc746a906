/* The PQR module: two hash routes, one list and one detail, each drawn before its data arrive. */
(function () {
  "use strict";

  var settings = window.PORTAL;
  var MONTHS = ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"];
  var DAYS = ["domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"];

  function initials(names, length) { return names.map(function (name) { return name.slice(0, length); }); }

  /* Dates are days of the wall calendar: never converted, so the browser's time zone makes no difference. */
  function formatDay(date) {
    if (!date) { return ""; }
    return date.getFullYear() + "-" + String(date.getMonth() + 1).padStart(2, "0") + "-" + String(date.getDate()).padStart(2, "0");
  }

  function parseDay(text) {
    var parts = /^\s*(\d{4})-(\d{2})-(\d{2})\s*$/.exec(text || "");
    var date = parts && new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]));
    return date && date.getDate() === Number(parts[3]) ? date : new Date(NaN);
  }

  var module = angular.module("ov", ["ngRoute", "ngMaterial", "ngMessages", "ngSanitize", "ui.bootstrap", "ov.datatable", "ov.popup"]);

  module.config(["$routeProvider", "$locationProvider", "$mdDateLocaleProvider", "$mdThemingProvider", "$compileProvider", "$httpProvider",
    function ($routeProvider, $locationProvider, $mdDateLocaleProvider, $mdThemingProvider, $compileProvider, $httpProvider) {
      $locationProvider.hashPrefix(""); // The portal's routes are #/List, not AngularJS's own #!/List.
      $routeProvider
        .when("/List", { templateUrl: "list.html", controller: "ListController" })
        .when("/Detail/:id", { templateUrl: "detail.html", controller: "DetailController" })
        .otherwise({ templateUrl: "list.html", controller: "ListController" });
      $mdDateLocaleProvider.months = MONTHS;
      $mdDateLocaleProvider.shortMonths = initials(MONTHS, 3);
      $mdDateLocaleProvider.days = DAYS;
      $mdDateLocaleProvider.shortDays = initials(DAYS, 2);
      $mdDateLocaleProvider.firstDayOfWeek = 1;
      $mdDateLocaleProvider.formatDate = formatDay;
      $mdDateLocaleProvider.parseDate = parseDay;
      $mdThemingProvider.theme("default").primaryPalette(settings.primary).accentPalette(settings.accent);
      $compileProvider.aHrefSanitizationTrustedUrlList(/^\s*(https?|blob):|^#|^\//);
      $httpProvider.defaults.headers.common["X-Requested-With"] = "XMLHttpRequest";
      $httpProvider.interceptors.push("sessionGuard");
    }]);

  /* A session that ended is noticed by the next XHR, and the browser is sent to the login page. */
  module.factory("sessionGuard", ["$q", "$window", function ($q, $window) {
    return {
      responseError: function (response) {
        if (response.status === 401) {
          $window.location.href = "/Login?returnurl=" + encodeURIComponent($window.location.pathname);
        }
        return $q.reject(response);
      }
    };
  }]);

  /* A page that stays as it was loaded, whatever becomes of its address. */
  module.run(["$rootScope", function ($rootScope) {
    var loaded = false;
    $rootScope.$on("$routeChangeStart", function (event) {
      if (settings.sorda && loaded) { event.preventDefault(); }
      loaded = true;
    });
  }]);

  module.run(["$templateCache", function ($templateCache) {
    // The markup of the old UI Bootstrap, on the behaviour of the new one.
    $templateCache.put("accordion-group.html",
      '<div class="panel-heading" id="{{::headingId}}"><h4 class="panel-title">' +
      '<a href tabindex="0" class="accordion-toggle" ng-click="toggleOpen()" accordion-transclude="heading" uib-accordion-transclude="heading" aria-expanded="{{isOpen}}">' +
      '<span uib-accordion-header>{{heading}}</span></a></h4></div>' +
      '<div id="{{::panelId}}" class="panel-collapse collapse" style="height: 0px" uib-collapse="!isOpen" inline-height="isOpen"><div class="panel-body" ng-transclude></div></div>');
  }]);

  /* The old accordion leaves `height: auto` on an open panel, where the new one leaves nothing. */
  module.directive("inlineHeight", ["$timeout", function ($timeout) {
    return function (scope, element, attributes) {
      scope.$watch(attributes.inlineHeight, function (open) {
        if (open) {
          $timeout(function () { if (element.hasClass("in")) { element.css("height", "auto"); } }, 400);
        }
      });
    };
  }]);

  /* A control that only a hand can use. */
  if (settings.soloPuntero) {
    document.addEventListener("click", function (event) {
      if (!event.isTrusted) { event.stopImmediatePropagation(); event.preventDefault(); }
    }, true);
  }

  /* A date that counts only if keys were pressed for it. */
  if (settings.soloTeclado) {
    document.addEventListener("keydown", function (event) { event.target.dataset.teclas = "si"; }, true);
    document.addEventListener("input", function (event) {
      if (event.target.matches(".md-datepicker-input") && !event.target.dataset.teclas) {
        event.stopImmediatePropagation();
        event.target.value = "";
      }
    }, true);
  }

  module.controller("ListController", ["$scope", "$http", "$window", function ($scope, $http, $window) {
    var applied = {};

    $scope.hoy = new Date(settings.hoy + "T00:00:00");
    $scope.estados = ["Radicado", "En proceso", "Finalizado"];
    $scope.filtros = { Estado: null, fechaInicial: null, fechaFinal: null };
    $scope.query = { page: 1, limit: settings.limite };
    $scope.pqrs = [];
    $scope.total = 0;
    $scope.ignorar = 0;
    $scope.vacio = false;
    $scope.cargando = 0;

    $scope.cargar = function () {
      var params = angular.extend({ pageIndex: $scope.query.page, pageSize: $scope.query.limit }, applied);
      $scope.cargando += 1;
      $http.get(settings.api + "/Pqr/Get", { params: params }).then(function (response) {
        $scope.pqrs = response.data.items;
        $scope.total = response.data.total;
        $scope.ignorar += response.data.nm_Ignorar;
        $scope.vacio = response.data.total === 0;
      }).catch(angular.noop).finally(function () { $scope.cargando -= 1; });
    };

    $scope.Search = function () {
      applied = {
        estado: $scope.filtros.Estado,
        fechaInicial: formatDay($scope.filtros.fechaInicial) || null,
        fechaFinal: formatDay($scope.filtros.fechaFinal) || null
      };
      if (!settings.conservaPagina) { $scope.query.page = 1; }
      $scope.cargar();
    };

    if (settings.alerta) { $window.alert("Bienvenido a su Oficina Virtual"); }
    $scope.claseEstado = function (estado) { return "estado estado-" + String(estado).replace(" ", "-").toLowerCase(); };
    $scope.cargar();
  }]);

  module.controller("DetailController", ["$scope", "$http", "$routeParams", "$timeout", "$sce", "$window", "$mdToast",
    function ($scope, $http, $routeParams, $timeout, $sce, $window, $mdToast) {
      var params = { id: $routeParams.id };

      $scope.pqr = {};
      $scope.gestion = {};
      if (settings.confirma) { $window.confirm("¿Desea abrir la solicitud?"); }

      function show(pqr) {
        // What no JSON can hold, and a page can: half of a character.
        pqr.ds_Comentarios = (pqr.ds_Comentarios || "").replace("[medio signo]", "\ud83d");
        $scope.pqr = pqr;
        $scope.gestion = { Finalizar: pqr.ds_Estado === "Finalizado", NumeroReclamoSGC: pqr.cd_ReclamoSgc, Comentarios: pqr.ds_Comentarios };
        if (pqr.ms_Comentarios !== undefined) {
          $timeout(function () {
            $http.get(settings.api + "/Pqr/Comentarios", { params: { id: pqr.cd_Pqr } }).then(function (response) {
              if ($scope.pqr === pqr) { $scope.gestion.Comentarios = response.data.ds_Comentarios; }
            }).catch(angular.noop);
          }, pqr.ms_Comentarios);
        }
        if (pqr.cd_ReclamoSgc === null) {
          $http.get(settings.api + "/Pqr/Sgc", { params: { id: pqr.cd_Pqr } }).then(function (response) {
            if ($scope.pqr === pqr) { $scope.gestion.NumeroReclamoSGC = response.data.cd_ReclamoSgc; }
          }).catch(angular.noop);
        }
      }

      $http.get(settings.api + "/Pqr/Detail", { params: params }).then(function (response) {
        if (response.data.previous) {
          show(response.data.previous);
          $timeout(function () { show(response.data.item); }, response.data.ms_Previous);
        } else {
          show(response.data.item);
        }
      }).catch(function (response) {
        $scope.error = response.status === 404 ? "La solicitud no existe o fue retirada." : "No fue posible consultar la solicitud. Intente nuevamente.";
      });

      $scope.descargarAdjunto = function (archivo) {
        var url = settings.api + "/Adjunto/Get?id=" + encodeURIComponent($scope.pqr.cd_Pqr) + "&archivo=" + encodeURIComponent(archivo.nm_Archivo);
        if (archivo.ind_Modo === "new_tab") {
          $window.open(url, "_blank");
        } else if (archivo.ind_Modo === "inline_viewer") {
          $http.get(url, { responseType: "blob" }).then(function (response) {
            var blob = $window.URL.createObjectURL(response.data);
            $scope.visor = { nombre: archivo.nm_Archivo, url: $sce.trustAsResourceUrl(blob) };
          }).catch(angular.noop);
        } else if (archivo.ind_Modo === "saved_late" || archivo.ind_Modo === "saved_nameless") {
          // Fetched late and saved later still, so that one file is saved while the next one is asked for.
          $timeout(function () { return $http.get(url, { responseType: "blob" }); }, 1600).then(function (response) {
            $timeout(function () {
              var link = $window.document.createElement("a");
              link.href = $window.URL.createObjectURL(response.data);
              link.download = archivo.ind_Modo === "saved_late" ? archivo.nm_Archivo : "archivo";
              link.click();
            }, 1500);
          }).catch(angular.noop);
        } else if (archivo.ind_Modo === "fetched_blob") {
          // The answer goes into a blob at once: its bytes are nowhere but in the file that is saved.
          $window.fetch(url).then(function (response) { return response.blob(); }).then(function (blob) {
            var link = $window.document.createElement("a");
            link.href = $window.URL.createObjectURL(blob);
            link.download = archivo.nm_Archivo;
            link.click();
          });
        } else if (archivo.ind_Modo === "elsewhere") {
          $window.open("http://localhost:" + $window.location.port + url, "_blank");
        } else {
          if (archivo.ind_Modo === "sent_twice") {
            $timeout(function () {
              var again = $window.document.createElement("iframe");
              again.style.display = "none";
              again.src = url + "&otra=1";
              $window.document.body.appendChild(again);
            }, 700);
          }
          // A hidden frame: a file is downloaded, and an error page of the server is seen by nobody.
          var frame = $window.document.createElement("iframe");
          frame.style.display = "none";
          frame.src = url;
          $window.document.body.appendChild(frame);
        }
      };

      $scope.cerrarVisor = function () { $scope.visor = null; };
      $scope.renglones = function (text) { return Math.max(3, String(text || "").split("\n").length + 1); };
      $scope.guardar = function () { $mdToast.showSimple("Su perfil no permite modificar la gestión."); };
    }]);
})();
